"""What may be used: plans, who has which, and what differs from them."""

from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone


class Plan(models.Model):
    slug = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=80)
    # The plan of whoever has no subscription, of its kind of scope.
    default_for = models.CharField(max_length=10, blank=True, choices=[("person", "people"), ("hall", "the hall")])

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["default_for"], name="plan_is_the_one_default", condition=~Q(default_for="")
            )
        ]

    def __str__(self) -> str:
        return self.name


class PlanLimit(models.Model):
    """What a plan allows of one resource; a limit of null is none, and so is a resource without a row."""

    plan = models.ForeignKey(Plan, models.CASCADE, related_name="limits")
    resource = models.CharField(max_length=40)
    soft = models.BigIntegerField(null=True, blank=True)
    hard = models.BigIntegerField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["plan", "resource"], name="plan_limits_a_resource_once"),
            models.CheckConstraint(
                condition=(Q(soft=None) | Q(soft__gte=0)) & (Q(hard=None) | Q(hard__gte=0)),
                name="plan_limit_is_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(soft=None) | Q(hard=None) | Q(soft__lte=F("hard")), name="plan_soft_limit_comes_first"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.plan}: {self.resource}"


class Holder(models.Model):
    """Whose something is: a person, a group, or with neither the whole hall."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="+")
    group = models.ForeignKey("auth.Group", models.CASCADE, null=True, blank=True, related_name="+")

    class Meta:
        abstract = True


class Subscription(Holder):
    """Which plan somebody has."""

    plan = models.ForeignKey(Plan, models.PROTECT, related_name="+")
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "group"], name="subscription_is_one_a_holder", nulls_distinct=False
            ),
            models.CheckConstraint(condition=Q(user=None) | Q(group=None), name="subscription_has_one_holder"),
        ]

    def __str__(self) -> str:
        return f"{self.user or self.group or 'the hall'}: {self.plan}"


class InTimeQuerySet(models.QuerySet):
    def standing(self, now: datetime) -> Self:
        """Those that count now."""
        return self.filter(Q(ends_at=None) | Q(ends_at__gt=now))


class Override(Holder):
    """Other limits than the plan's, for a reason and for a while; the newest one that stands counts."""

    resource = models.CharField(max_length=40)
    soft = models.BigIntegerField(null=True, blank=True)
    hard = models.BigIntegerField(null=True, blank=True, help_text="Empty: no limit.")
    reason = models.CharField(max_length=200)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    ends_at = models.DateTimeField(null=True, blank=True)

    objects = InTimeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(user=None) | Q(group=None), name="override_has_one_holder"),
            models.CheckConstraint(condition=~Q(reason=""), name="override_has_a_reason"),
            models.CheckConstraint(
                condition=(Q(soft=None) | Q(soft__gte=0)) & (Q(hard=None) | Q(hard__gte=0)),
                name="override_limit_is_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(soft=None) | Q(hard=None) | Q(soft__lte=F("hard")), name="override_soft_limit_comes_first"
            ),
        ]
        # The limits of one holder are read when a plan, an override or a purchase changes or ends.
        indexes = [models.Index(fields=["user", "group", "resource"], name="quotas_override_of")]

    def __str__(self) -> str:
        return f"{self.user or self.group or 'the hall'}: {self.resource}"


class Purchase(Holder):
    """More of something, on top of what the plan or an override allows."""

    resource = models.CharField(max_length=40)
    amount = models.BigIntegerField()
    reason = models.CharField(max_length=200)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    ends_at = models.DateTimeField(null=True, blank=True)

    objects = InTimeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(user=None) | Q(group=None), name="purchase_has_one_holder"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="purchase_adds_something"),
        ]
        # As above.
        indexes = [models.Index(fields=["user", "group", "resource"], name="quotas_purchase_of")]

    def __str__(self) -> str:
        return f"{self.user or self.group or 'the hall'}: {self.amount} of {self.resource}"
