"""The loop of a deliverer: claims while there is room, sends many at once, records what has come back."""

import asyncio
import contextlib
import ssl
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Any, NamedTuple, TypeVar

import structlog
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.utils import timezone

from webhooks.delivery.claims import Job, claim
from webhooks.delivery.records import Outcome, Result, record
from webhooks.delivery.sending import Resolve, Sender, look_up

log = structlog.get_logger(__name__)

Answer = TypeVar("Answer")

# How many young attempts a deliverer has at once. One that is older than this costs a socket and some memory, and takes
# no place from the others: an endpoint that never answers must not.
AT_ONCE = 200
YOUNG_SECONDS = 1.0
IN_FLIGHT = 2000
# How often an idle deliverer looks for what is due, and how soon a busy one looks again.
POLL_SECONDS = 0.2
PAUSE_SECONDS = 0.02
# What a claim may take beyond the deadline of its attempt: waiting for its turn, and for Postgres.
LEASE_MARGIN = timedelta(seconds=45)
AWAY_SECONDS = 0.5


class Tally(NamedTuple):
    """What a deliverer did."""

    sent: int
    succeeded: int
    failed: int
    superseded: int


class Courier:
    """One deliverer; any number of them may run, in any number of processes.

    What is in flight counts until it is recorded. So whatever ends this process, the deliveries that may be made again
    are at most `in_flight`, each of them once.
    """

    def __init__(
        self,
        *,
        at_once: int = AT_ONCE,
        in_flight: int = IN_FLIGHT,
        deadline: float | None = None,
        lease: timedelta | None = None,
        resolve: Resolve = look_up,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.at_once, self.in_flight = min(at_once, in_flight), in_flight
        deadline = settings.WEBHOOK_DEADLINE_SECONDS if deadline is None else deadline
        self.lease = timedelta(seconds=deadline) + LEASE_MARGIN if lease is None else lease
        self.sender = Sender(deadline=deadline, allowed=settings.WEBHOOK_ALLOWED_ADDRESSES, resolve=resolve, tls=tls)
        self._begun: dict[asyncio.Task[None], float] = {}
        self._unrecorded = 0
        self._results: asyncio.Queue[Result] = asyncio.Queue()
        self._stop = asyncio.Event()
        self._wake = asyncio.Event()
        self._counts: Counter[str] = Counter()
        # Claims do not wait for records, nor records for claims.
        self._claims = ThreadPoolExecutor(1, thread_name_prefix="webhook-claims")
        self._records = ThreadPoolExecutor(1, thread_name_prefix="webhook-records")

    def stop(self) -> None:
        """Claim nothing more; what is under way is finished and recorded."""
        self._stop.set()
        self._wake.set()

    async def run(self, *, until_idle: bool = False, seconds: float | None = None) -> Tally:
        """Deliver until `stop`, until nothing is due, or for so many seconds."""
        ends_at = time.monotonic() + seconds if seconds is not None else float("inf")
        recorder = asyncio.create_task(self._record_for_ever())
        try:
            async with self.sender:
                while not self._stop.is_set() and time.monotonic() < ends_at:
                    # Asked before the claim: what is recorded meanwhile may have made room for more.
                    was_idle = not self._outstanding
                    found = await self._claim()
                    if until_idle and was_idle and not found:
                        break
                    await self._breathe(PAUSE_SECONDS if found else POLL_SECONDS)
                while self._outstanding:
                    await self._breathe(POLL_SECONDS)
        finally:
            recorder.cancel()
            for threads in (self._claims, self._records):
                await asyncio.wrap_future(threads.submit(_close_connection))
                threads.shutdown()
        counts = self._counts
        return Tally(counts["sent"], counts["succeeded"], counts["sent"] - counts["succeeded"], counts["superseded"])

    @property
    def _outstanding(self) -> int:
        return len(self._begun) + self._unrecorded

    @property
    def _room(self) -> int:
        since = time.monotonic() - YOUNG_SECONDS
        young = sum(begun > since for begun in self._begun.values())
        return min(self.at_once - young, self.in_flight - self._outstanding)

    async def _breathe(self, seconds: float) -> None:
        """Wait until something was recorded, at least for the pause and at most so long."""
        await asyncio.sleep(min(seconds, PAUSE_SECONDS))
        if seconds > PAUSE_SECONDS:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), seconds - PAUSE_SECONDS)
            self._wake.clear()

    async def _claim(self) -> int:
        room = self._room
        if room <= 0:
            return 0
        jobs = await self._ask(self._claims, partial(claim, room=room, now=timezone.now(), lease=self.lease), [])
        for job in jobs:
            self._begin(job)
        return len(jobs)

    def _begin(self, job: Job) -> None:
        task = asyncio.create_task(self._send(job))
        self._begun[task] = time.monotonic()
        task.add_done_callback(self._end)

    def _end(self, task: asyncio.Task[None]) -> None:
        del self._begun[task]
        self._wake.set()
        task.result()

    async def _send(self, job: Job) -> None:
        result = await self.sender.send(job)
        self._unrecorded += 1
        self._results.put_nowait(result)

    # --- Recording ----------------------------------------------------------------------------------------

    async def _record_for_ever(self) -> None:
        """Record together whatever came back while the last batch was being written."""
        while True:
            results = [await self._results.get()]
            while not self._results.empty():
                results.append(self._results.get_nowait())
            await self._record(results)
            self._unrecorded -= len(results)
            self._wake.set()

    async def _record(self, results: list[Result]) -> None:
        """Try until it is written, or until the leases have run out and others have them."""
        moved = None
        give_up_at = time.monotonic() + self.lease.total_seconds()
        while moved is None:
            moved = await self._ask(self._records, partial(record, results=results), None)
            if moved is None and time.monotonic() > give_up_at:
                log.error("webhook_results_lost", count=len(results))
                return
        self._counts["sent"] += len(results)
        self._counts["succeeded"] += sum(result.outcome == Outcome.SUCCEEDED for result in results)
        self._counts["superseded"] += len(results) - moved

    async def _ask(self, threads: ThreadPoolExecutor, question: Callable[[], Answer], away: Any) -> Answer:
        """Return what Postgres answers, or `away` after a moment when it does not."""

        def ask() -> Answer:
            try:
                return question()
            except (DatabaseError, InterfaceError):
                connection.close()
                raise

        try:
            return await asyncio.get_running_loop().run_in_executor(threads, ask)
        except (DatabaseError, InterfaceError) as error:
            log.warning("webhook_database_away", error=str(error).strip()[:200])
            await asyncio.sleep(AWAY_SECONDS)
            return away


def deliver(*, seconds: float) -> Tally:
    """Deliver what is due, for so many seconds at most."""

    async def run() -> Tally:
        return await Courier().run(until_idle=True, seconds=seconds)

    return asyncio.run(run())


def _close_connection() -> None:
    """Close the connection of the thread that runs this."""
    connection.close()
