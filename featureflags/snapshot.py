"""The definitions as this process holds them: one immutable snapshot, replaced whole, looked at without waiting.

A process has no thread that refreshes: a thread dies on fork, and nobody notices. Instead whoever begins something (a
request, a task, a command's question) looks at most every `FLAG_CHECK_SECONDS` at the stamp in Redis, one round trip,
and at most every `FLAG_POLL_SECONDS` at the stamp in Postgres, which also finds what Redis missed while it was away.
With both away the last snapshot holds; before there is one, the default that the code gives.
"""

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from typing import Any

import structlog
from django.conf import settings
from django.db import Error as DatabaseAway
from django_redis import get_redis_connection
from redis import RedisError

from featureflags.evaluation.engine import Flag

log = structlog.get_logger(__name__)

STAMP_KEY = "flags:stamp"
# Of a Redis that failed.
PAUSE_SECONDS = 1.0
# Of a question that comes while another thread reads the first snapshot: without one, a killed flag would seem unknown.
FIRST_SECONDS = 2.0
# Two processes may publish in any order: the higher stamp stays.
RAISE_STAMP = """
local held = tonumber(redis.call('GET', KEYS[1]) or '-1')
if held < tonumber(ARGV[1]) then redis.call('SET', KEYS[1], ARGV[1]) end
return 0
"""


class Snapshot:
    """All compiled definitions under one stamp; never changed once it is made."""

    __slots__ = ("flags", "version")

    def __init__(self, version: int, flags: Mapping[str, Flag]) -> None:
        self.version = version
        self.flags = flags


NOTHING = Snapshot(-1, {})


class Store:
    """The snapshot of this process, and when to look whether it is still the newest."""

    def __init__(self) -> None:
        self.current = NOTHING
        self._read_stamp: Callable[[], int] = lambda: -1
        self._load: Callable[[], Snapshot] = lambda: NOTHING
        self.forget()

    def read_from(self, read_stamp: Callable[[], int], load: Callable[[], Snapshot]) -> None:
        """Say how to ask Postgres; from the app's `ready()`, because models do not exist before it."""
        self._read_stamp, self._load = read_stamp, load

    def forget(self) -> None:
        """Begin as a process that has just started."""
        self.current = NOTHING
        self.renew()

    def stand_still(self, snapshot: Snapshot = NOTHING) -> None:
        """Hold this snapshot and look nowhere: for tests of what is no matter of flags."""
        self.current = snapshot
        self._check_at, self._still = float("inf"), True

    def renew(self) -> None:
        """Look again at the next question, with a lock that nobody holds: what a forked child needs."""
        self._lock, self._still = threading.Lock(), False
        self._check_at = self._poll_at = self._redis_at = 0.0

    def fresh(self) -> Snapshot:
        """Return the newest snapshot that can be had without waiting for somebody else; the first one is waited for."""
        if time.monotonic() >= self._check_at and self._lock.acquire(blocking=False):
            try:
                self._check(time.monotonic())
            finally:
                self._lock.release()
        elif self.current is NOTHING and not self._still and self._lock.acquire(timeout=FIRST_SECONDS):
            self._lock.release()
        return self.current

    def _check(self, now: float) -> None:
        self._check_at = now + settings.FLAG_CHECK_SECONDS
        stamp = self._stamp_in_redis(now)
        # A Redis that knows no stamp was emptied: Postgres says what holds.
        unsure = stamp is None and now >= self._redis_at
        if unsure or now >= self._poll_at or (stamp is not None and stamp > self.current.version):
            self._poll_at = now + settings.FLAG_POLL_SECONDS
            self._look_at_postgres(stamp)

    def _look_at_postgres(self, stamp: int | None) -> None:
        try:
            held = self._read_stamp()
            if held != self.current.version:
                self.current = self._load()
        except DatabaseAway as error:
            log.warning("flags_not_refreshed", error=str(error)[:200], version=self.current.version)
            # From now on: it may have been a long wait.
            self._poll_at = time.monotonic() + settings.FLAG_POLL_SECONDS
            return
        if stamp is None or stamp < held:
            self.publish(held)

    def _stamp_in_redis(self, now: float) -> int | None:
        if now < self._redis_at:
            return None
        try:
            return int(get_redis_connection().get(STAMP_KEY))
        except (TypeError, ValueError):
            return None
        except RedisError as error:
            self._redis_left_alone(error)
            return None

    def _redis_left_alone(self, error: RedisError) -> None:
        self._redis_at = time.monotonic() + PAUSE_SECONDS
        log.warning("flag_stamp_away", error=type(error).__name__)

    def publish(self, version: int) -> None:
        """Let every process know of a stamp; without Redis they find it in Postgres at their next poll."""
        if time.monotonic() < self._redis_at:
            return
        try:
            get_redis_connection().eval(RAISE_STAMP, 1, STAMP_KEY, version)
        except RedisError as error:
            self._redis_left_alone(error)

    def announce(self, version: int) -> None:
        """After a change of our own has been committed: tell the others, and look ourselves at once."""
        self.publish(version)
        if not self._still:
            self._check_at = self._poll_at = 0.0


store = Store()
_pinned: ContextVar[Snapshot | None] = ContextVar("flags_pinned", default=None)


def current() -> Snapshot:
    """Return the snapshot of the request or task that runs, or the newest one outside of them."""
    return _pinned.get() or store.fresh()


@contextlib.contextmanager
def pinned() -> Iterator[Snapshot]:
    """Hold one snapshot from start to end, whatever changes meanwhile."""
    snapshot = store.fresh()
    token = _pinned.set(snapshot)
    try:
        yield snapshot
    finally:
        _pinned.reset(token)


def hold(snapshot: Snapshot | None) -> Any:
    """Hold a snapshot until told otherwise, for code whose start and end are two functions."""
    return _pinned.set(snapshot)


os.register_at_fork(after_in_child=store.renew)
