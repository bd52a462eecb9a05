"""What was used over time: daily figures from the ledger, byte-hours for bills, and what people do about notices."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from quotas import history
from quotas.models import Account, Notice, UsageDay, UsageEvent

BATCH = 500
SNOOZE = timedelta(days=7)


def unit_seconds(*, account_id: int, start: datetime, end: datetime) -> tuple[Decimal, int]:
    """Return amount times seconds between two moments, exactly, and what was used at the end of them."""
    events = UsageEvent.objects.filter(account_id=account_id)
    before = events.filter(at__lte=start).order_by("-at", "-pk").values_list("used", flat=True).first() or 0
    changes = list(events.filter(at__gt=start, at__lt=end).order_by("at", "pk").values_list("at", "used"))
    used = changes[-1][1] if changes else before
    return history.unit_seconds(before, changes, start, end), used


def day_begins(*, on: date) -> datetime:
    """Return the moment at which a day begins in the hall's zone."""
    return datetime(on.year, on.month, on.day, tzinfo=timezone.get_default_timezone())


def snapshot_usage(*, limit: int | None = None) -> int:
    """Write down each day that is over and not written down yet, for each lasting account; return how many days.

    The ledger says it all; this is a cache for charts. Safe to stop, to repeat and to run twice at once.
    """
    today = timezone.localdate(timezone=timezone.get_default_timezone())
    made = 0
    for account_id in Account.objects.lasting().order_by("pk").values_list("pk", flat=True).iterator(BATCH):
        if limit is not None and made >= limit:
            break
        made += _days_of(account_id, today)
    return made


@transaction.atomic(durable=True)
def _days_of(account_id: int, today: date) -> int:
    last = UsageDay.objects.filter(account_id=account_id).order_by("-on").values_list("on", flat=True).first()
    first = last + timedelta(days=1) if last else _first_day(account_id)
    rows = []
    while first is not None and first < today:
        total, used = unit_seconds(
            account_id=account_id, start=day_begins(on=first), end=day_begins(on=first + timedelta(days=1))
        )
        rows.append(UsageDay(account_id=account_id, on=first, used=used, unit_seconds=total))
        first += timedelta(days=1)
    UsageDay.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def _first_day(account_id: int) -> date | None:
    at = UsageEvent.objects.filter(account_id=account_id).order_by("at").values_list("at", flat=True).first()
    return timezone.localdate(at, timezone.get_default_timezone()) if at else None


def bill(*, month: date, resource: str = "storage") -> Iterator[tuple[str, str, Decimal, int]]:
    """Yield holder, kind of holder, byte-hours and what was used at the end, for each account of a month."""
    start = day_begins(on=month.replace(day=1))
    end = min(day_begins(on=(month.replace(day=1) + timedelta(days=32)).replace(day=1)), timezone.now())
    rows = Account.objects.lasting().filter(resource=resource).select_related("user", "group").order_by("pk")
    for account in rows.iterator(BATCH):
        total, used = unit_seconds(account_id=account.pk, start=start, end=max(start, end))
        kind = "person" if account.user_id else "group" if account.group_id else "hall"
        yield str(account.user.email if account.user else account.holder), kind, total / 3600, used


def days_with_today(*, account_id: int, days: int = 90) -> list[tuple[datetime, int]]:
    """Return what was used at the end of each of the last days, and now; oldest first."""
    since = timezone.localdate() - timedelta(days=days)
    rows = UsageDay.objects.filter(account_id=account_id, on__gte=since).order_by("on").values_list("on", "used")
    found = [(day_begins(on=on + timedelta(days=1)), used) for on, used in rows]
    now = Account.objects.filter(pk=account_id).values_list("used", flat=True).first()
    return [*found, (timezone.now(), now or 0)]


def snooze_notice(*, notice_id: int, user_id: int) -> bool:
    """Hide a person's banner for a week; return False when there is none to hide."""
    mine = Notice.objects.standing().filter(pk=notice_id, account__user_id=user_id)
    found = mine.first()
    if found is None:
        return False
    lower = Notice.objects.standing().filter(account_id=found.account_id, level__lte=found.level)
    return bool(lower.update(snoozed_until_at=timezone.now() + SNOOZE))
