"""How an endpoint fares: what each answer makes of it. Plain values in and out."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from webhooks import ladder, limits

Verdict = Literal["", "warn", "disable"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """`failures` in a row since `failing_since`; `trips` counts how often the breaker opened since it last closed."""

    failures: int = 0
    failing_since: datetime | None = None
    warned_at: datetime | None = None
    trips: int = 0
    rests_until: datetime | None = None

    @property
    def is_probed(self) -> bool:
        """Whether the breaker is half open: one delivery at a time, to see how it is."""
        return self.trips > 0


def after_success(health: Health) -> Health:
    """One success closes the breaker and ends the time of failing."""
    return Health()


def after_failure(
    health: Health, *, started_at: datetime, ended_at: datetime, retry_after: float | None = None
) -> Health:
    """Count a failure; the breaker opens after so many in a row, and again when a probe fails.

    What was under way already when the breaker opened does not open it further. `retry_after` lets the endpoint rest
    for as long as it asked for, within bounds, whether it fails often or not.
    """
    failures = health.failures + 1
    after = replace(health, failures=failures, failing_since=health.failing_since or started_at)
    is_probe = health.rests_until is None or started_at >= health.rests_until
    if is_probe and (health.is_probed or failures >= ladder.TRIPS_AFTER):
        until = ended_at + timedelta(seconds=ladder.rest(health.trips))
        after = replace(after, trips=health.trips + 1, rests_until=until)
    if retry_after:
        asked = ended_at + timedelta(seconds=min(retry_after, ladder.THROTTLE_MAX))
        after = replace(after, rests_until=max(after.rests_until or asked, asked))
    return after


def verdict(health: Health, at: datetime) -> Verdict:
    """Return what is due after a failure: a warning half way, and the end."""
    if health.failing_since is None:
        return ""
    span = at - health.failing_since
    if span >= limits.FAILING_MAX:
        return "disable"
    return "warn" if span >= limits.FAILING_WARNED and health.warned_at is None else ""
