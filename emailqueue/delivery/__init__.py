"""Hands due mail over: claim, then I/O, then record; no transaction is open while a server is asked.

Any number of processes may run this at once, late, or not at all for a while. Whoever finds nothing due ends.
"""

import time
from collections import Counter

from django.conf import settings
from django_redis import get_redis_connection

from emailqueue.delivery import rows
from emailqueue.delivery.lanes import Lanes
from emailqueue.providers import Providers
from lib.breaker import Breaker
from lib.rate_limits import Limit, spend

BATCH = 100
# Of one domain, waiting in this process for a lane.
BACKLOG = 50
SECONDS = 50.0
LOOK_SECONDS = 0.25

_paces = Breaker(get_redis_connection, event="mail_pace_away")
_providers: list[Providers] = []


def deliver_due(*, bulk: bool, seconds: float = SECONDS, limit: int | None = None) -> Counter[str]:
    """Send what is due until nothing is or the time is over; return how many mails came to which end.

    Transactional mail always; with `bulk`, bulk mail too, behind whatever transactional mail comes in meanwhile.
    """
    rows.recover()
    rows.expire()
    until, taken = time.monotonic() + seconds, 0
    with Lanes(
        _shared_providers(),
        count=settings.EMAIL_LANES,
        of_bulk=settings.EMAIL_LANES_OF_BULK,
        of_domain=settings.EMAIL_LANES_OF_DOMAIN,
        pace=_pace,
    ) as lanes:
        while time.monotonic() < until and (limit is None or taken < limit):
            if lanes.providers.wait():
                break
            claimed = 0
            for kind in (False, True) if bulk else (False,):
                room = BATCH - lanes.waiting(bulk=kind)
                room = room if limit is None else min(room, limit - taken)
                if room < BATCH // 2 and not (limit is not None and room > 0):
                    continue
                jobs = rows.claim(bulk=kind, limit=room, busy=lanes.crowded(BACKLOG))
                lanes.offer(jobs)
                claimed += len(jobs)
            taken += claimed
            if not claimed:
                if lanes.idle():
                    break
                lanes.wait_for_change(LOOK_SECONDS)
        while not lanes.idle() and time.monotonic() < until:
            lanes.wait_for_change(LOOK_SECONDS)
    return lanes.counts


def _shared_providers() -> Providers:
    """Return the providers of this process: what is known of their health outlives a run."""
    urls = list(settings.EMAIL_PROVIDERS)
    if not _providers or [provider.url for provider, _ in _providers[0].all] != urls:
        _providers[:] = [Providers(urls, timeout=settings.EMAIL_TIMEOUT)]
    return _providers[0]


def _pace(domain: str) -> int:
    """Return how many seconds a mail to this domain has to wait; 0 while it may go, and while Redis is away."""
    rates = settings.EMAIL_PACE
    rate = rates.get(domain, rates.get("*", 0))
    if not rate:
        return 0
    standing = spend(_paces, Limit("mail", rate, 1), domain)
    return 0 if standing is None or standing.allowed else max(1, standing.retry_after)
