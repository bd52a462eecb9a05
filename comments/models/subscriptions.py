"""Who wants to hear what is new in a thread, and when they may have the next mail about all of them."""

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.utils import timezone

from comments.models.threads import Thread
from lib import targets


class SubscriptionQuerySet(models.QuerySet["Subscription"]):
    def standing(self) -> Self:
        return self.filter(left_at=None)

    def of_person(self, user: Any) -> Self:
        """Keep the threads that this person follows and may still see."""
        seen = Thread.objects.filter(targets.on_visible_things(Thread, user))
        return self.standing().filter(user=user, thread__in=seen)


class Subscription(models.Model):
    """One person follows one thread; who left it is remembered, so that posting again brings nobody back."""

    thread = models.ForeignKey(Thread, models.CASCADE, related_name="+", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    # What was published up to then was told, or stood there when they came.
    told_at = models.DateTimeField(default=timezone.now)
    left_at = models.DateTimeField(null=True)

    objects = SubscriptionQuerySet.as_manager()

    class Meta:
        constraints = [
            # Also the index by which a thread finds its followers.
            models.UniqueConstraint(fields=["thread", "user"], name="subscription_once_per_person"),
        ]

    def __str__(self) -> str:
        return f"subscription {self.pk}"


class DigestTurn(models.Model):
    """When a person may have the next mail about what they follow; the row is what two workers meet at."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", primary_key=True)
    next_mail_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"digest turn {self.pk}"
