"""Who waits for a connection while Postgres is away: one, and not every thread of the hall."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from psycopg import OperationalError
from psycopg_pool import PoolTimeout


class Door:
    """The way to the pool of this process.

    Whoever waits in vain shuts it. From then on one at a time waits as long as the first did, and the others are
    refused at once, until a connection is there: the page that says so comes without a wait, and a thread that could
    serve something else does not stand in the row.
    """

    def __init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        """Begin open, with a lock that nobody holds: what a forked child needs."""
        self._shut, self._waiting = False, threading.Lock()

    @contextmanager
    def passage(self, is_ready: Callable[[], bool]) -> Iterator[None]:
        """Take a connection in the block; `is_ready` says whether the pool holds one. Raise OperationalError at once
        where another waits already.
        """
        waiting = self._waiting
        if not self._shut or is_ready():
            yield from self._pass()
        elif waiting.acquire(blocking=False):
            try:
                yield from self._pass()
            finally:
                waiting.release()
        else:
            raise OperationalError("Postgres was out of reach a moment ago, and somebody waits for it already")

    def _pass(self) -> Iterator[None]:
        try:
            yield
        except PoolTimeout:
            self._shut = True
            raise
        self._shut = False


door = Door()
os.register_at_fork(after_in_child=door.renew)
