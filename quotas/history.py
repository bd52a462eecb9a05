"""What was used over time: unit-seconds from a ledger, and when it will be full. Plain values in and out."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

MICRO = timedelta(microseconds=1)
# Growth is read off the last days; further away than this nobody plans.
FURTHEST = timedelta(days=3 * 365)


def unit_seconds(before: int, changes: Iterable[tuple[datetime, int]], start: datetime, end: datetime) -> Decimal:
    """Return amount times seconds between two moments, exactly.

    `before` is what was used at `start`; each change is the moment and what is used from then on, in order.
    """
    total, used, since = 0, before, start
    for at, after in changes:
        at = min(max(at, since), end)
        total += used * ((at - since) // MICRO)
        used, since = after, at
    total += used * (max(end - since, timedelta(0)) // MICRO)
    return Decimal(total) / 1_000_000


def full_at(days: Sequence[tuple[datetime, int]], limit: int | None) -> datetime | None:
    """Return when the line of best fit through the days reaches the limit; None when it does not within three years.

    Least squares over at least two days; what is full already is full at the last of them.
    """
    if limit is None or len(days) < 2:
        return None
    last, used = days[-1]
    if used >= limit:
        return last
    hours = [(at - last) / timedelta(hours=1) for at, _ in days]
    mean_x, mean_y = sum(hours) / len(days), sum(value for _, value in days) / len(days)
    spread = sum((x - mean_x) ** 2 for x in hours)
    if not spread:
        return None
    growth = sum((x - mean_x) * (value - mean_y) for x, (_, value) in zip(hours, days, strict=True)) / spread
    if growth <= 0 or (limit - used) / growth > FURTHEST / timedelta(hours=1):
        return None
    return last + timedelta(hours=(limit - used) / growth)
