"""How often somebody may ask, counted in Redis by the minute; without Redis everybody may."""

import time

import structlog
from django_redis import get_redis_connection
from redis import RedisError

log = structlog.get_logger(__name__)

WINDOW_SECONDS = 60


def retry_after(*, who: str, most: int) -> int:
    """Count one request of `who`; return the seconds to wait before the next is taken, 0 when this one is."""
    window, passed = divmod(time.time(), WINDOW_SECONDS)
    name = f"flags:asked:{who}:{int(window)}"
    try:
        with get_redis_connection().pipeline() as pipeline:
            pipeline.incr(name)
            pipeline.expire(name, 2 * WINDOW_SECONDS)
            asked = pipeline.execute()[0]
    except RedisError as error:
        log.warning("flag_limit_open", error=type(error).__name__)
        return 0
    return int(WINDOW_SECONDS - passed) + 1 if asked > most else 0
