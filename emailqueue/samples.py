"""How old the oldest due mail was, minute by minute, for the chart: kept in Redis, and gone with it."""

import time

from django.utils import timezone
from django_redis import get_redis_connection

from emailqueue.models import Email
from lib.breaker import Breaker

KEY = "mail:oldest-due"
EVERY_SECONDS = 60
KEPT = 120

_redis = Breaker(get_redis_connection, event="mail_samples_away")


def oldest_due() -> int:
    """Return for how many seconds the oldest mail that is due has waited; 0 when none is."""
    now = timezone.now()
    found = Email.objects.due(now).order_by("next_attempt_at").values_list("next_attempt_at", flat=True).first()
    return round((now - found).total_seconds()) if found else 0


def take() -> None:
    """Remember how it is now, at most once in each step of the chart."""
    step = int(time.time()) // EVERY_SECONDS
    if _redis.ask(lambda redis: redis.set(f"{KEY}:{step}", 1, ex=2 * EVERY_SECONDS, nx=True)):
        age = oldest_due()
        _redis.ask(lambda redis: (redis.rpush(KEY, age), redis.ltrim(KEY, -KEPT, -1)))


def taken() -> list[float]:
    found = _redis.ask(lambda redis: redis.lrange(KEY, 0, -1))
    return [float(value) for value in found] if isinstance(found, list) else []
