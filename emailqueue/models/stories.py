"""What became of mails, and what operators and providers said about them."""

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q
from django.utils import timezone

from emailqueue.models.mails import Email


class EmailEvent(models.Model):
    """One line of a mail's story; a ledger: rows are only added, and go with the mail."""

    class Kind(models.TextChoices):
        QUEUED = "queued", "queued"
        DEFERRED = "deferred", "deferred"
        SENT = "sent", "sent"
        REFUSED = "refused", "refused"
        DELIVERED = "delivered", "delivered"
        BOUNCED_HARD = "bounced_hard", "bounced, hard"
        BOUNCED_SOFT = "bounced_soft", "bounced, soft"
        COMPLAINED = "complained", "complained"
        OPENED = "opened", "opened"
        CLICKED = "clicked", "clicked"
        UNSUBSCRIBED = "unsubscribed", "unsubscribed"
        SUPPRESSED = "suppressed", "suppressed"
        RELEASED = "released", "released"
        CANCELLED = "cancelled", "cancelled"
        EXPIRED = "expired", "expired"
        REQUEUED = "requeued", "sent again by hand"
        ABANDONED = "abandoned", "worker ended"
        PURGED = "purged", "content deleted"

    email = models.ForeignKey(Email, models.CASCADE, related_name="events")
    at = models.DateTimeField(default=timezone.now)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    # Empty when it is about the whole mail.
    address = models.CharField(max_length=254, blank=True)
    status = models.CharField(max_length=12, blank=True)
    detail = models.CharField(max_length=500, blank=True)

    class Meta:
        verbose_name = "event"
        indexes = [
            # The charts; rows come in this order.
            BrinIndex(fields=["at"], name="email_event_age", pages_per_range=16),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()


class MailAct(models.Model):
    """What an operator did; a ledger: rows are never changed, and outlive the mail."""

    class Kind(models.TextChoices):
        RESEND = "resend", "Sent again"
        CANCEL = "cancel", "Cancelled"
        RELEASE = "release", "Released"
        SUPPRESS = "suppress", "Suppressed"
        UNSUPPRESS = "unsuppress", "Taken off the suppression list"

    kind = models.CharField(max_length=10, choices=Kind.choices)
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    reason = models.CharField(max_length=200)
    email_id = models.BigIntegerField(null=True)
    address = models.CharField(max_length=254, blank=True)

    class Meta:
        verbose_name = "act"
        constraints = [models.CheckConstraint(condition=~Q(reason=""), name="mail_act_has_a_reason")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.address or self.email_id}"


class ProviderEvent(models.Model):
    """A message of a provider that was taken in, so that a repeated one changes nothing."""

    provider = models.CharField(max_length=20)
    event_id = models.CharField(max_length=255)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["provider", "event_id"], name="provider_event_once")]

    def __str__(self) -> str:
        return f"{self.provider}: {self.event_id}"
