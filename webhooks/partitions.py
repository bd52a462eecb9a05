"""Weeks of events, deliveries and attempts: made ahead of time, and dropped whole when they are old.

There is no default partition: with one, a week could not be taken off without reading it, and what fell into it would
stay for ever.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from webhooks import identifiers, limits

TABLES = ("webhooks_event", "webhooks_delivery", "webhooks_attempt")
WEEK = timedelta(days=7)


class Week(NamedTuple):
    start: datetime

    @property
    def end(self) -> datetime:
        return self.start + WEEK

    def table(self, parent: str) -> str:
        return f"{parent}_{self.start:%Y%m%d}"


def week_of(at: datetime) -> Week:
    """Return the week of a moment; it begins on Monday, midnight UTC."""
    day = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return Week(day - timedelta(days=day.weekday()))


def weeks(first: datetime, last: datetime) -> Iterator[Week]:
    week = week_of(first)
    while week.start <= last:
        yield week
        week = Week(week.end)


def ensure(connection: Any, now: datetime, *, behind: int = 0) -> int:
    """Make the week of `now`, those ahead and so many behind where they are missing; return how many tables were made.

    A table is made beside its parent and then attached, which lets reading and writing go on.
    """
    made = 0
    wanted = list(weeks(now - behind * WEEK, now + limits.WEEKS_AHEAD * WEEK))
    with connection.cursor() as cursor:
        # Two keepers at once: the second waits, and then finds nothing missing.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('webhooks.partitions'))")
        for parent in TABLES:
            there = {week for week, _ in _existing(cursor, parent)}
            for week in wanted:
                if week not in there:
                    _make(cursor, parent, week)
                    made += 1
    return made


def has_week(connection: Any, at: datetime) -> bool:
    """Tell whether rows of that moment have a place."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [week_of(at).table(TABLES[-1])])
        return bool(cursor.fetchone()[0])


def _make(cursor: Any, parent: str, week: Week) -> None:
    child = week.table(parent)
    low, high = identifiers.floor(week.start), identifiers.floor(week.end)
    # What an attach needs to know is said first, so that it need not look at rows.
    cursor.execute(f"CREATE TABLE {child} (LIKE {parent} INCLUDING DEFAULTS INCLUDING CONSTRAINTS)")
    cursor.execute(f"ALTER TABLE {parent} ATTACH PARTITION {child} FOR VALUES FROM (%s) TO (%s)", [str(low), str(high)])


def _existing(cursor: Any, parent: str) -> list[tuple[Week, bool]]:
    """Return the weeks of a table, oldest first, and whether each was left half detached."""
    cursor.execute(
        "SELECT c.relname, i.inhdetachpending FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
        " WHERE i.inhparent = %s::regclass ORDER BY c.relname",
        [parent],
    )
    found = []
    for name, pending in cursor.fetchall():
        if match := re.fullmatch(rf"{parent}_(\d{{8}})", name):
            found.append((Week(datetime.strptime(match[1], "%Y%m%d").replace(tzinfo=UTC)), pending))
    return found


def existing(connection: Any, parent: str = TABLES[0]) -> list[Week]:
    with connection.cursor() as cursor:
        return [week for week, _ in _existing(cursor, parent)]


def old(connection: Any, before: datetime) -> list[Week]:
    """Return the weeks that ended before that moment, oldest first."""
    found = {week for parent in TABLES for week in existing(connection, parent)}
    return sorted(week for week in found if week.end <= before)


def drop(connection: Any, week: Week) -> None:
    """Take a week off all tables, the attempts first. To be called outside of any transaction.

    Detaching concurrently waits for who reads or writes, and stops nobody; one that was interrupted is finished.
    """
    with connection.cursor() as cursor:
        for parent in reversed(TABLES):
            pending = dict(_existing(cursor, parent))
            child = week.table(parent)
            if week in pending:
                how = "FINALIZE" if pending[week] else "CONCURRENTLY"
                cursor.execute(f"ALTER TABLE {parent} DETACH PARTITION {child} {how}")
            cursor.execute(f"DROP TABLE IF EXISTS {child}")
