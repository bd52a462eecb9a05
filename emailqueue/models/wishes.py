"""Who must not be written to, and who does not want to be."""

from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone


class SuppressionQuerySet(models.QuerySet["Suppression"]):
    def standing(self, now: datetime) -> Self:
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=now))

    def ended(self, now: datetime) -> Self:
        return self.filter(expires_at__lte=now)


class Suppression(models.Model):
    """An address that is not written to."""

    class Reason(models.TextChoices):
        BOUNCE = "bounce", "hard bounce"
        SOFT = "soft", "soft bounces without an end"
        COMPLAINT = "complaint", "complaint"
        MANUAL = "manual", "by hand"

    address = models.CharField(max_length=254, unique=True)
    reason = models.CharField(max_length=10, choices=Reason.choices)
    # Who said so: a provider, a bounce, an operator with a sentence.
    source = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    # Empty: until somebody takes it off the list.
    expires_at = models.DateTimeField(null=True, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")

    objects = SuppressionQuerySet.as_manager()

    def __str__(self) -> str:
        return self.address


class OptOut(models.Model):
    """Mail that an address does not want; nobody is asked who they are, because the address is the subject."""

    EVERYTHING = ""

    address = models.CharField(max_length=254)
    # Empty: every topic, those that come later too.
    topic = models.CharField(max_length=40, blank=True)
    at = models.DateTimeField(default=timezone.now)
    # "link", "page", "api" or the name of a provider.
    source = models.CharField(max_length=40)

    class Meta:
        verbose_name = "opt-out"
        constraints = [
            # Also the index of the last look before a mail goes out.
            models.UniqueConstraint(fields=["address", "topic"], name="opt_out_once_a_topic")
        ]

    def __str__(self) -> str:
        return f"{self.address}: {self.topic or 'everything'}"


class Consent(models.Model):
    """A person who agreed that it is noted when they open a mail or follow a link in it; without a row nobody notes."""

    address = models.CharField(max_length=254, unique=True)
    at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.address
