"""What one route asks of keys, and what is kept of its answers."""

from dataclasses import dataclass
from datetime import timedelta

from idempotency import services

# A refusal that the same request would get for ever. Not: what a person can mend (400, 422), what a sign-in or a
# right can (401, 403), and what passes by itself (409, 429, 5xx).
PERMANENT = frozenset({402, 404, 405, 410, 413, 414, 415, 451})
DONE = frozenset(range(200, 400))
REDIRECTS = frozenset({301, 302, 303, 307, 308})
BODY_MAX = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The rules of one route.

    `required`: without a key the answer is 400. `strangers`: off where the only effect on somebody who is not signed
    in is a cookie, which is never kept. `secret`: the answer is shown once and not kept; `said` is what a repetition
    reads then, on the page named `back`. `kept`: statuses to keep when nothing was changed (after an effect every
    answer is kept). `wait_seconds`: how long a page waits for the first click's answer.
    """

    required: bool = False
    strangers: bool = True
    secret: bool = False
    said: str = ""
    back: str = ""
    kept: frozenset[int] = DONE | PERMANENT
    body_max: int = BODY_MAX
    lease: timedelta = services.LEASE
    retention: timedelta = services.RETENTION
    wait_seconds: float = 10.0


STANDARD = Policy()
