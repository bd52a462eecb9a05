"""A server that may be away: asked while it answers, and left alone for a moment after it failed."""

import time
from collections.abc import Callable

import structlog
from redis import Redis, RedisError

log = structlog.get_logger(__name__)

PAUSE_SECONDS = 1.0


class Breaker:
    """Asks Redis so that a page waits for an absent server once, and not ten times."""

    def __init__(self, connect: Callable[[], Redis], *, event: str) -> None:
        """`event` is the line in the log when Redis did not answer."""
        self._connect = connect
        self._event = event
        self._closed_until = 0.0

    def ask(self, question: Callable[[Redis], object]) -> object:
        """Return the answer, or None when Redis is away or was just now."""
        if time.monotonic() < self._closed_until:
            return None
        try:
            return question(self._connect())
        except RedisError as error:
            self._closed_until = time.monotonic() + PAUSE_SECONDS
            log.warning(self._event, error=type(error).__name__)
            return None
