"""How often somebody may ask: the generic cell rate algorithm (GCRA, ITU-T I.371), as one script in Redis.

A limit of `quota` in `seconds` lets that many through at once and then one each `seconds / quota`; there is no window
at whose edge twice as many fit. The whole state of a subject is one moment, the time at which its quota will be full.
"""

from dataclasses import dataclass
from math import ceil

from lib.breaker import Breaker

MICRO = 1_000_000

# Redis's own clock, so that web machines need not agree; a test says what time it is.
SPEND = """
local now = tonumber(ARGV[3])
if now == 0 then
  local clock = redis.call('TIME')
  now = clock[1] * 1000000 + clock[2]
end
local window, interval = tonumber(ARGV[1]), tonumber(ARGV[2])
local full_at = math.max(tonumber(redis.call('GET', KEYS[1]) or now), now) + interval
local wait = full_at - window - now
if wait > 0 then
  return {0, 0, wait, full_at - interval - now}
end
redis.call('SET', KEYS[1], string.format('%.0f', full_at), 'PX', math.ceil(window / 1000))
return {1, math.floor(-wait / interval), 0, full_at - now}
"""


@dataclass(frozen=True)
class Limit:
    """At most `quota` within `seconds`; `name` is what the limit is called in the answer."""

    name: str
    quota: int
    seconds: int

    @property
    def policy(self) -> str:
        """The value of a RateLimit-Policy field (draft-ietf-httpapi-ratelimit-headers)."""
        return f'"{self.name}";q={self.quota};w={self.seconds}'


@dataclass(frozen=True)
class Standing:
    """What is left of a limit; seconds are rounded up, so that whoever waits that long may come in."""

    limit: Limit
    allowed: bool
    remaining: int
    retry_after: int
    full_after: int

    @property
    def field(self) -> str:
        """The value of a RateLimit field."""
        return f'"{self.limit.name}";r={self.remaining};t={self.full_after}'


def spend(redis: Breaker, limit: Limit, subject: str, *, now: float = 0.0) -> Standing | None:
    """Count one request of `subject` and say whether it may pass; None (let it pass) when Redis is away.

    `now` in Unix seconds is for tests; Redis's own clock counts without it.
    """
    key = f"limit:{limit.name}:{subject}"
    window = limit.seconds * MICRO
    answer = redis.ask(
        lambda server: server.eval(SPEND, 1, key, str(window), str(window // limit.quota), str(int(now * MICRO)))
    )
    if not isinstance(answer, list):
        return None
    allowed, remaining, wait, full = (int(each) for each in answer)
    return Standing(limit, bool(allowed), remaining, ceil(wait / MICRO), ceil(full / MICRO))
