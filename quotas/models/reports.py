"""What people and operators are told: notices of limits, findings of the reconciler, and what operators did."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from quotas.models.accounts import Account


class NoticeQuerySet(models.QuerySet["Notice"]):
    def standing(self) -> Self:
        return self.filter(cleared_at=None)

    def unmailed(self) -> Self:
        return self.standing().filter(mailed_at=None)

    def shown_to(self, user_id: int) -> Self:
        """What the banner says: the standing notices of this person that they did not put off."""
        now = timezone.now()
        awake = Q(snoozed_until_at=None) | Q(snoozed_until_at__lte=now)
        return self.standing().filter(awake, account__user_id=user_id).select_related("account").order_by("-level")


class Notice(models.Model):
    """An account reached a level: told once, and again only after it had fallen below."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="+")
    level = models.PositiveSmallIntegerField()
    raised_at = models.DateTimeField(default=timezone.now)
    mailed_at = models.DateTimeField(null=True)
    snoozed_until_at = models.DateTimeField(null=True)
    cleared_at = models.DateTimeField(null=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "level"], name="notice_stands_once", condition=Q(cleared_at__isnull=True)
            ),
            models.CheckConstraint(condition=Q(level__in=[70, 85, 95, 100]), name="notice_has_a_level"),
        ]
        indexes = [
            # The sweep that mails.
            models.Index(
                fields=["raised_at"],
                name="quotas_notice_unmailed",
                condition=Q(mailed_at__isnull=True, cleared_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account}: {self.level} %"


class Drift(models.Model):
    """A difference that the reconciler found: a fault of ours, kept as found."""

    class Kind(models.TextChoices):
        USED = "used", "used is not the sum of its grants"
        RESERVED = "reserved", "reserved is not the sum of its grants"
        LEDGER = "ledger", "the ledger does not add up to used"
        SIZE = "size", "a version and its grant differ"
        STRAY = "stray", "a used grant of storage without a version"
        BYTES = "bytes", "stored parts are not the size of the file"

    kind = models.CharField(max_length=10, choices=Kind.choices)
    account = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    subject = models.CharField(max_length=80)
    found = models.BigIntegerField()
    expected = models.BigIntegerField()
    found_at = models.DateTimeField(default=timezone.now)
    repaired_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "drift"
        # The report of operators, newest first.
        indexes = [models.Index(fields=["-found_at"], name="quotas_drift_newest")]

    def __str__(self) -> str:
        return f"{self.subject}: {self.found}, not {self.expected}"


class OperatorAct(models.Model):
    """What an operator did to limits: who, what, when, why."""

    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    what = models.CharField(max_length=200)
    why = models.CharField(max_length=200)

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(why=""), name="quotas_act_has_a_reason")]

    def __str__(self) -> str:
        return self.what
