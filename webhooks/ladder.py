"""When to try again, and how long to leave an endpoint alone. Plain values in and out; seconds everywhere.

How a wait is shifted, and how a rest grows, is `lib.ladder`. Here is what only endpoints have: rungs that people write
down and that come to an end, and what receivers ask for.
"""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from lib import ladder as steps

# At once, 1 min, 5 min, 30 min, 2 h, 8 h, 24 h: seven attempts within 34 h 36 min.
STANDARD = (0, 60, 300, 1800, 7200, 28800, 86400)
JITTER = 0.2
RUNGS_MAX = 15
RUNG_MAX = 3 * 86400
RETRY_AFTER_MAX = 86400
# How long everything for an endpoint rests when it says that it is asked too much.
THROTTLE_MAX = 3600
# An endpoint rests after so many failures in a row, the first time this long, then twice as long, up to the last.
TRIPS_AFTER = 10
REST_FIRST = 30
REST_MAX = 300


def next_wait(
    ladder: Sequence[int], attempts: int, *, draw: Callable[[], float], retry_after: float | None = None
) -> float | None:
    """Return the seconds until the next attempt after `attempts` failed ones, or None when the ladder has ended.

    `draw` gives a number from 0 to 1: each wait is shifted by up to a fifth, so that what failed together does not
    come back together. `retry_after` is what the receiver asked for; it makes a wait longer, never shorter.
    """
    if attempts >= len(ladder):
        return None
    return steps.wait(
        ladder[attempts], jitter=JITTER, draw=draw(), asked=retry_after or 0.0, asked_most=RETRY_AFTER_MAX
    )


def rest(trips: int) -> float:
    """Return how long an endpoint rests that failed again after `trips` rests before."""
    return steps.rung(trips + 1, first=REST_FIRST, factor=2, most=REST_MAX)


def read_retry_after(value: str | None, now: datetime) -> float | None:
    """Return the seconds that a Retry-After field asks for (RFC 9110, section 10.2.3); None when it cannot be read."""
    if value is None:
        return None
    value = value.strip()
    if re.fullmatch(r"[0-9]{1,9}", value):
        return float(value)
    try:
        moment = parsedate_to_datetime(value[:60])
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return max((moment - now).total_seconds(), 0.0)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def read_ladder(text: str) -> list[int]:
    """Return the waits that a person wrote, such as "0, 1m, 5m, 2h, 1d"; raise ValueError with what would be right."""
    units = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
    waits = []
    for part in text.replace(",", " ").split():
        found = re.fullmatch(r"([0-9]{1,6})([smhd]?)", part)
        if not found:
            raise ValueError("Write waits such as 0, 1m, 5m, 2h, 1d.")
        waits.append(int(found[1]) * units[found[2]])
    if not 1 <= len(waits) <= RUNGS_MAX:
        raise ValueError(f"A ladder has 1 to {RUNGS_MAX} attempts.")
    if waits[0] != 0:
        raise ValueError("The first attempt is made at once: begin with 0.")
    if any(wait > RUNG_MAX for wait in waits):
        raise ValueError("No wait may be longer than 3 days.")
    if any(wait < 5 for wait in waits[1:]):
        raise ValueError("Between two attempts lie at least 5 seconds.")
    return waits


def write_ladder(waits: Sequence[int]) -> str:
    """Return a ladder as people write it; `read_ladder` reads it back."""
    return ", ".join(_wait(seconds) for seconds in waits)


def _wait(seconds: int) -> str:
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s" if seconds else "0"
