"""What may be used: accounts are opened with their limits, and the limits follow plans, overrides and purchases."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from quotas import allowance, resources
from quotas.models import Account, OperatorAct, Override, Plan, PlanLimit, Purchase, Subscription
from quotas.services.errors import LimitInvalid
from sessions_app.models import User

BATCH = 500


@dataclass(frozen=True, slots=True)
class Limits:
    soft: int | None
    hard: int | None
    end_at: datetime | None


def limits_of(*, user_id: int | None, group_id: int | None, resource: str, now: datetime) -> Limits:
    """Return what plan, override and purchases come to, and when that changes by itself."""
    plan = plan_of(user_id=user_id, group_id=group_id)
    found = PlanLimit.objects.filter(plan=plan, resource=resource).first() if plan else None
    soft, hard = (found.soft, found.hard) if found else (None, None)
    mine: dict[str, Any] = {"user_id": user_id, "group_id": group_id, "resource": resource}
    override = Override.objects.standing(now).filter(**mine).order_by("-created_at", "-pk").first()
    purchases = list(Purchase.objects.standing(now).filter(**mine))
    if override:
        soft, hard = override.soft, override.hard
    extra = sum(each.amount for each in purchases)
    ends = [each.ends_at for each in purchases if each.ends_at]
    if override and override.ends_at:
        ends.append(override.ends_at)
    return Limits(_with(soft, extra), _with(hard, extra), min(ends, default=None))


def plan_of(*, user_id: int | None, group_id: int | None) -> Plan | None:
    """Return the plan of a person, a group or the hall; without a subscription it is the default."""
    holder: dict[str, Any] = {"user_id": user_id, "group_id": group_id}
    row = Subscription.objects.filter(**holder).select_related("plan").first()
    if row:
        return row.plan
    if group_id:
        return None
    return Plan.objects.filter(default_for="person" if user_id else "hall").first()


def _with(limit: int | None, extra: int) -> int | None:
    return None if limit is None else min(limit + extra, allowance.LARGEST)


def open_accounts(*, user_ids: Iterable[int], slugs: Iterable[str], now: datetime) -> None:
    """Make the accounts that these people's grants charge, as far as they are missing.

    A new account has no limits yet: they are read under its lock, when it is first used.
    """
    people = list(User.objects.filter(pk__in=list(user_ids)).values_list("pk", flat=True))
    groups = list(
        Subscription.objects.filter(group__in=Group.objects.filter(user__in=people)).values_list("group_id", flat=True)
    )
    rows = []
    for slug in sorted(slugs):
        window = resources.named(slug).window_on(now)
        for holder in [{}, *({"group_id": each} for each in groups), *({"user_id": each} for each in people)]:
            rows.append(Account(resource=slug, window_on=window, limits_end_at=now, **holder))
    Account.objects.bulk_create(rows, ignore_conflicts=True)


def renew_limits(*, accounts: Sequence[Account], now: datetime) -> None:
    """Read the limits of those locked accounts anew whose limits have come to an end."""
    for account in accounts:
        if account.limits_end_at is None or account.limits_end_at > now:
            continue
        limits = limits_of(user_id=account.user_id, group_id=account.group_id, resource=account.resource, now=now)
        account.soft, account.hard, account.limits_end_at = limits.soft, limits.hard, limits.end_at
        account.soft_passed_at = soft_passed_at(account=account, used=account.used, now=now)
        Account.objects.filter(pk=account.pk).update(
            soft=account.soft,
            hard=account.hard,
            limits_end_at=account.limits_end_at,
            soft_passed_at=account.soft_passed_at,
        )


def soft_passed_at(*, account: Account, used: int, now: datetime) -> datetime | None:
    """Return since when it is above its soft limit."""
    if account.soft is None or used <= account.soft:
        return None
    return account.soft_passed_at or now


@transaction.atomic(durable=True)
def renew_due_limits(*, limit: int = BATCH) -> int:
    """Let overrides and purchases that ended have ended, also where nobody uses anything; return how many accounts."""
    now = timezone.now()
    due = Account.objects.filter(limits_end_at__lte=now).order_by("pk")
    rows = list(due.select_for_update(skip_locked=True)[:limit])
    renew_limits(accounts=rows, now=now)
    return len(rows)


def person_named(*, address: str) -> User | None:
    """Return who has this mail address, however it is written."""
    return User.objects.filter(email__iexact=address).first()


# --- Operators --------------------------------------------------------------------------------------------


@transaction.atomic(durable=True)
def change_plan(*, plan_id: int, user_id: int | None = None, group_id: int | None = None, by: Any, why: str) -> None:
    """Give a person, a group or the hall another plan. A smaller one takes nothing away; uploads stop, no more."""
    plan = Plan.objects.filter(pk=plan_id).first()
    if plan is None:
        raise LimitInvalid("There is no such plan.")
    holder: dict[str, Any] = {"user_id": user_id, "group_id": group_id}
    Subscription.objects.update_or_create(**holder, defaults={"plan": plan, "changed_at": timezone.now()})
    if group_id:
        _open_for_group(group_id)
    _limits_changed(user_id=user_id, group_id=group_id)
    _note(by=by, what=f"plan {plan.slug} for {_holder(user_id, group_id)}", why=why)


def _open_for_group(group_id: int) -> None:
    now = timezone.now()
    Account.objects.bulk_create(
        [
            Account(group_id=group_id, resource=each.slug, window_on=each.window_on(now), limits_end_at=now)
            for each in resources.registered()
        ],
        ignore_conflicts=True,
    )


@transaction.atomic(durable=True)
def grant_override(
    *,
    resource: str,
    hard: int | None,
    soft: int | None = None,
    user_id: int | None = None,
    group_id: int | None = None,
    by: Any,
    reason: str,
    ends_at: datetime | None = None,
) -> Override:
    """Let other limits than the plan's hold, for a reason and until a moment. Raise LimitInvalid."""
    _check(resource, hard, soft, reason)
    row: Override = Override.objects.create(
        user_id=user_id,
        group_id=group_id,
        resource=resource,
        hard=hard,
        soft=soft,
        reason=reason.strip(),
        by=by,
        ends_at=ends_at,
    )
    _limits_changed(user_id=user_id, group_id=group_id)
    _note(by=by, what=f"override of {resource} for {_holder(user_id, group_id)}: {hard}", why=reason)
    return row


@transaction.atomic(durable=True)
def end_override(*, override_id: int, by: Any, why: str) -> bool:
    """End an override now; return False when it had ended."""
    now = timezone.now()
    row = Override.objects.standing(now).filter(pk=override_id).first()
    if row is None or not Override.objects.standing(now).filter(pk=override_id).update(ends_at=now):
        return False
    _limits_changed(user_id=row.user_id, group_id=row.group_id)
    _note(by=by, what=f"end of the override of {row.resource} for {_holder(row.user_id, row.group_id)}", why=why)
    return True


@transaction.atomic(durable=True)
def add_purchase(
    *,
    resource: str,
    amount: int,
    user_id: int | None = None,
    group_id: int | None = None,
    by: Any,
    reason: str,
    ends_at: datetime | None = None,
) -> Purchase:
    """Add to what may be used. Raise LimitInvalid."""
    _check(resource, amount, None, reason)
    if amount == 0:
        raise LimitInvalid("A purchase adds something.")
    row: Purchase = Purchase.objects.create(
        user_id=user_id, group_id=group_id, resource=resource, amount=amount, reason=reason, by=by, ends_at=ends_at
    )
    _limits_changed(user_id=user_id, group_id=group_id)
    _note(by=by, what=f"{amount} more of {resource} for {_holder(user_id, group_id)}", why=reason)
    return row


@transaction.atomic(durable=True)
def extend_grace(*, account_id: int, until: datetime, by: Any, why: str) -> None:
    """Let a holder stay above the soft limit until a moment."""
    Account.objects.filter(pk=account_id).update(grace_ends_at=until)
    _note(by=by, what=f"grace of account {account_id} until {until:%Y-%m-%d %H:%M}", why=why)


def _check(resource: str, hard: int | None, soft: int | None, reason: str) -> None:
    if resource not in {each.slug for each in resources.registered()}:
        raise LimitInvalid(f"There is no resource {resource!r}.")
    for number in (hard, soft):
        if number is not None and not 0 <= number <= allowance.LARGEST:
            raise LimitInvalid("A limit is a number from 0 to 2^63 - 1.")
    if hard is not None and soft is not None and soft > hard:
        raise LimitInvalid("The soft limit is at most the hard one.")
    if not reason.strip():
        raise LimitInvalid("Say why.")


def _limits_changed(*, user_id: int | None, group_id: int | None) -> None:
    """Read the limits of the holder's accounts anew, under their locks; other holders' follow by the sweep."""
    now = timezone.now()
    holder: dict[str, Any] = {"user_id": user_id, "group_id": group_id}
    rows = list(Account.objects.filter(**holder).current(now).locked())
    for row in rows:
        row.limits_end_at = now
    renew_limits(accounts=rows, now=now)


@transaction.atomic(durable=True)
def change_plan_limit(*, plan_id: int, resource: str, hard: int | None, soft: int | None, by: Any, why: str) -> None:
    """Change what a plan allows; the accounts of all who have it follow when they are next used, or by the sweep."""
    _check(resource, hard, soft, why)
    plan = Plan.objects.get(pk=plan_id)
    PlanLimit.objects.update_or_create(plan=plan, resource=resource, defaults={"hard": hard, "soft": soft})
    holders = Subscription.objects.filter(plan=plan)
    touched = Q(user__in=holders.values("user")) | Q(group__in=holders.values("group"))
    if plan.default_for == "person":
        touched |= Q(user__isnull=False) & ~Q(user__in=Subscription.objects.filter(user__isnull=False).values("user"))
    if plan.default_for == "hall" or holders.filter(user=None, group=None).exists():
        touched |= Q(user=None, group=None)
    now = timezone.now()
    keys = list(Account.objects.filter(touched, resource=resource).current(now).locked().values_list("pk", flat=True))
    Account.objects.filter(pk__in=keys).update(limits_end_at=now)
    _note(by=by, what=f"plan {plan.slug} allows {hard} of {resource}", why=why)


def _holder(user_id: int | None, group_id: int | None) -> str:
    if user_id:
        return f"person {user_id}"
    return f"group {group_id}" if group_id else "the hall"


def _note(*, by: Any, what: str, why: str) -> None:
    if not why.strip():
        raise LimitInvalid("Say why.")
    OperatorAct.objects.create(by=by, what=what[:200], why=why.strip()[:200])
