"""Who goes next when there is not room for all: max-min fairness over endpoints. Plain values in and out."""

from collections.abc import Mapping
from datetime import datetime, timedelta


def share(room: int, wants: Mapping[int, int]) -> dict[int, int]:
    """Divide `room` among those who want some of it; nobody gets more than they want.

    The largest share is as small as it can be: who wants less than an equal share gets all of it, and what they leave
    is divided equally among the rest. What cannot be divided goes to those who stand first.
    """
    shares: dict[int, int] = {}
    left = room
    waiting = {name: want for name, want in wants.items() if want > 0}
    while waiting and left > 0:
        equal = left // len(waiting)
        modest = {name: want for name, want in waiting.items() if want <= equal}
        if not modest:
            extra = left % len(waiting)
            for place, name in enumerate(waiting):
                shares[name] = equal + (place < extra)
            break
        for name, want in modest.items():
            shares[name] = want
            left -= want
            del waiting[name]
    return {name: given for name, given in shares.items() if given}


def spend(full_at: datetime | None, now: datetime, *, per_minute: int, want: int) -> tuple[int, datetime]:
    """Return how many of `want` may go now, and when the bucket is full again if they do.

    The generic cell rate algorithm (ITU-T I.371): a second's worth may go at once, then one each minute/`per_minute`,
    so that a backlog comes as a stream and not as a wave.
    """
    interval = timedelta(minutes=1) / per_minute
    burst = max(per_minute // 60, 1)
    start = max(full_at or now, now)
    free = burst - -((now - start) // interval)
    spent = max(min(want, free), 0)
    return spent, start + spent * interval
