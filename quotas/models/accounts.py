"""What is used: an account for each holder and resource, the grants that charge it, and the ledger of its changes."""

from datetime import datetime
from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from quotas import allowance, resources
from quotas.models.limits import Holder


class AccountQuerySet(models.QuerySet["Account"]):
    def of_person(self, user_id: int) -> Self:
        return self.filter(user_id=user_id)

    def lasting(self) -> Self:
        """Accounts without a window: what is stored, and not what is done in a day or a month."""
        return self.filter(window_on=None)

    def current(self, now: datetime) -> Self:
        """The lasting ones, and those whose window is now."""
        windows = Q(window_on=None)
        for resource in resources.registered():
            if resource.window:
                windows |= Q(resource=resource.slug, window_on=resource.window_on(now))
        return self.filter(windows)

    def charged_to(self, user_id: int, resource: str, now: datetime) -> Self:
        """Those that a grant to this person charges: their own, their groups' that have a plan, and the hall's."""
        groups = Q(group__user=user_id)
        hall = Q(user=None, group=None)
        rows = self.current(now).filter(Q(user_id=user_id) | groups | hall, resource=resource)
        return rows.select_related("group").order_by("pk")

    def locked(self) -> Self:
        """In the order in which accounts are locked, after every other row."""
        return self.order_by("pk").select_for_update(no_key=True)


class Account(Holder):
    """What one holder uses of one resource, in one window where the resource has windows."""

    resource = models.CharField(max_length=40)
    window_on = models.DateField(null=True)
    used = models.BigIntegerField(default=0)
    reserved = models.BigIntegerField(default=0)
    # As plans, overrides and purchases have it until `limits_end_at`.
    soft = models.BigIntegerField(null=True)
    hard = models.BigIntegerField(null=True)
    limits_end_at = models.DateTimeField(null=True)
    # Since when it is above the soft limit, which becomes the hard one when the grace is over.
    soft_passed_at = models.DateTimeField(null=True)
    # An operator's: how long this holder may stay above the soft limit.
    grace_ends_at = models.DateTimeField(null=True, blank=True)

    objects = AccountQuerySet.as_manager()

    class Meta:
        constraints = [
            # Also the index by which a grant finds its accounts.
            models.UniqueConstraint(
                fields=["user", "group", "resource", "window_on"],
                name="account_is_one_a_holder_and_window",
                nulls_distinct=False,
            ),
            models.CheckConstraint(condition=Q(user=None) | Q(group=None), name="account_has_one_holder"),
            models.CheckConstraint(condition=Q(used__gte=0), name="account_used_is_not_negative"),
            models.CheckConstraint(condition=Q(reserved__gte=0), name="account_reserved_is_not_negative"),
        ]
        indexes = [
            # The overview of operators: who uses most.
            models.Index(F("resource"), F("used").desc(), name="quotas_account_largest"),
            # The sweep that lets limits end.
            models.Index(
                fields=["limits_end_at"], name="quotas_account_ends", condition=Q(limits_end_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.holder}: {self.resource}"

    @property
    def holder(self) -> str:
        return str(self.user or self.group or "the hall")

    @property
    def balance(self) -> allowance.Balance:
        """What the engine needs to decide."""
        return allowance.Balance(
            self.used, self.reserved, self.soft, self.hard, self.soft_passed_at, self.grace_ends_at
        )

    @property
    def state(self) -> allowance.State:
        return allowance.state_of(self.balance)


class GrantQuerySet(models.QuerySet["Grant"]):
    def held(self) -> Self:
        return self.filter(state=Grant.State.HELD)

    def used(self) -> Self:
        return self.filter(state=Grant.State.USED)

    def lapsed(self, now: datetime) -> Self:
        """Held ones whose lease has ended."""
        return self.held().filter(lease_ends_at__lte=now)


class Grant(models.Model):
    """An amount that somebody may use, held under a lease or used."""

    class State(models.TextChoices):
        HELD = "held", "held"
        USED = "used", "used"
        RETURNED = "returned", "given back"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    key = models.CharField(max_length=80)
    resource = models.CharField(max_length=40)
    state = models.CharField(max_length=10, choices=State.choices, default=State.HELD)
    amount = models.BigIntegerField()
    # How many objects it counts as, beside its amount; a held overwrite counts as none until it is committed.
    objects_held = models.SmallIntegerField(default=0)
    # The accounts that it charges: those of its resource by its amount, those of objects by their number.
    accounts = ArrayField(models.BigIntegerField())
    object_accounts = ArrayField(models.BigIntegerField(), default=list)
    lease_ends_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)

    objects = GrantQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "key"], name="grant_is_one_a_key"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="grant_amount_is_not_negative"),
            models.CheckConstraint(condition=Q(objects_held__in=[0, 1]), name="grant_is_one_object_at_most"),
            models.CheckConstraint(
                condition=~Q(state="held") | Q(lease_ends_at__isnull=False), name="grant_held_has_a_lease"
            ),
            models.CheckConstraint(
                condition=Q(state="returned", ended_at__isnull=False)
                | (~Q(state="returned") & Q(ended_at__isnull=True)),
                name="grant_ended_when_returned",
            ),
        ]
        indexes = [
            # The sweep of leases.
            models.Index(fields=["lease_ends_at"], name="quotas_grant_lease", condition=Q(state="held")),
            # The sweep that forgets what was given back long ago.
            models.Index(fields=["ended_at"], name="quotas_grant_ended", condition=Q(state="returned")),
        ]

    def __str__(self) -> str:
        return f"{self.amount} of {self.resource}, {self.state}"

    def charges(self, *, amount: int | None = None, objects: int | None = None) -> dict[int, int]:
        """Return what it takes of each account, by the account's key."""
        size = self.amount if amount is None else amount
        count = self.objects_held if objects is None else objects
        return dict.fromkeys(self.accounts, size) | dict.fromkeys(self.object_accounts, count)


class UsageEvent(models.Model):
    """One change of what an account uses: a ledger, from which byte-hours follow exactly."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="+")
    at = models.DateTimeField()
    change = models.BigIntegerField()
    used = models.BigIntegerField()
    grant_key = models.CharField(max_length=80, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(change=0), name="usage_event_changes_something"),
            models.CheckConstraint(condition=Q(used__gte=0), name="usage_event_is_not_negative"),
        ]
        # The history of one account, and its month for the bill.
        indexes = [models.Index(fields=["account", "at"], name="quotas_event_history")]

    def __str__(self) -> str:
        return f"{self.change:+d}"


class UsageDay(models.Model):
    """What an account used on one day, worked out from the ledger: a cache, for charts."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="+")
    on = models.DateField()
    used = models.BigIntegerField()
    unit_seconds = models.DecimalField(max_digits=30, decimal_places=6)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "on"], name="usage_day_is_one_a_day")]

    def __str__(self) -> str:
        return f"{self.on}: {self.used}"
