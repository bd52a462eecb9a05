"""The lanes of one worker process: threads, each with a connection of its own, fed by whoever claims.

Domains take turns, and one domain has only so many lanes, so that a slow one keeps the others waiting as little as it
can. Between the last dot of a mail and the commit that records it, the lanes go one at a time, so that a killed process
leaves at most one mail that was taken and not recorded. Only who waits for the server's answer for long lets the
others go on: docs/adr/0017.
"""

import sys
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from datetime import timedelta

import structlog
from django.db import connection
from django.utils import timezone

from emailqueue.delivery import envelopes, outcomes, rows
from emailqueue.delivery.gate import Gate, GateShut
from emailqueue.delivery.outcomes import Outcome
from emailqueue.delivery.rows import Job, Person
from emailqueue.models import EmailRecipient
from emailqueue.providers import AllAway, Line, Providers
from emailqueue.transmission import Lost, Result

log = structlog.get_logger(__name__)

# Longer than this no dialogue goes on; its connection is cut.
DIALOGUE_SECONDS = 100.0
# A claimed mail that waited for a lane longer than this share of its lease is given back.
FRESH = 0.3
# Of one domain, so many are in line for a lane.
AHEAD = 10
State = EmailRecipient.State


class Lanes:
    """Jobs by domain, and the threads that carry them. As a context manager it starts and ends the threads."""

    def __init__(self, providers: Providers, *, count: int, of_bulk: int, of_domain: int, pace: Callable[[str], int]):
        self.providers, self.pace = providers, pace
        self.of_bulk, self.of_domain = of_bulk, of_domain
        self.gate = Gate()
        self.counts: Counter[str] = Counter()
        self._changed = threading.Condition()
        self._waiting: dict[tuple[bool, str], deque[Job]] = {}
        self._active: Counter[str] = Counter()
        self._busy_with_bulk = 0
        self._closing = False
        self._dialogues: dict[int, tuple[float, Line]] = {}
        self._unfinished: list[Job] = []
        self._threads = [threading.Thread(target=self._run, name=f"lane-{n}", daemon=True) for n in range(count)]

    def __enter__(self) -> "Lanes":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        for thread in self._threads:
            while thread.is_alive():
                thread.join(1.0)
                self.cut_endless()
        rows.give_back([*self._unfinished, *(job for jobs in self._waiting.values() for job in jobs)])

    # --- Asked by whoever claims ---------------------------------------------------------------------------

    def offer(self, jobs: list[Job]) -> None:
        with self._changed:
            for job in jobs:
                self._waiting.setdefault((job.is_bulk, job.destination), deque()).append(job)
            self._changed.notify_all()

    def waiting(self, *, bulk: bool) -> int:
        """Count what waits for a lane; of one domain only the first, because the others wait for its server."""
        with self._changed:
            return sum(min(len(jobs), AHEAD) for (is_bulk, _), jobs in self._waiting.items() if is_bulk == bulk)

    def crowded(self, most: int) -> list[str]:
        """Return the domains for which enough is waiting here."""
        with self._changed:
            found: Counter[str] = Counter()
            for (_, domain), jobs in self._waiting.items():
                found[domain] += len(jobs)
            return [domain for domain, number in found.items() if number >= most]

    def idle(self) -> bool:
        with self._changed:
            return not self._waiting and not self._active.total()

    def wait_for_change(self, seconds: float) -> None:
        with self._changed:
            self._changed.wait(seconds)
        self.cut_endless()

    def cut_endless(self) -> None:
        """Cut the connection of a dialogue that a server draws out beyond all timeouts of single answers."""
        now = time.monotonic()
        with self._changed:
            endless = [line for since, line in self._dialogues.values() if now - since > DIALOGUE_SECONDS]
        for line in endless:
            if line.connection is not None:
                line.connection.cut()

    # --- A lane ---------------------------------------------------------------------------------------------

    def _run(self) -> None:
        line = Line(self.providers)
        try:
            while (job := self._take()) is not None:
                try:
                    with self._changed:
                        self._dialogues[threading.get_ident()] = (time.monotonic(), line)
                    self._carry(job, line)
                finally:
                    self._put_down(job)
            line.hang_up()
        finally:
            connection.close()

    def _take(self) -> Job | None:
        """Return the next job, transactional mail first and domains in turn; None when there is no more to do."""
        with self._changed:
            while not self._closing:
                for bulk in (False, True):
                    if bulk and self._busy_with_bulk >= self.of_bulk:
                        break
                    for key in list(self._waiting):
                        if key[0] == bulk and self._active[key[1]] < self.of_domain:
                            return self._lift(key)
                self._changed.wait()
            return None

    def _lift(self, key: tuple[bool, str]) -> Job:
        jobs = self._waiting.pop(key)
        job = jobs.popleft()
        if jobs:
            # To the end of the row: the next domain is next.
            self._waiting[key] = jobs
        self._active[key[1]] += 1
        self._busy_with_bulk += job.is_bulk
        return job

    def _put_down(self, job: Job) -> None:
        with self._changed:
            self._dialogues.pop(threading.get_ident(), None)
            self._active[job.destination] -= 1
            if not self._active[job.destination]:
                del self._active[job.destination]
            self._busy_with_bulk -= job.is_bulk
            self._changed.notify_all()

    def _carry(self, job: Job, line: Line) -> None:
        if timezone.now() - job.claimed_at > rows.lease() * FRESH:
            self._keep_back(job)
            return
        if wait := self.pace(job.destination):
            rows.give_back([job], until=timezone.now() + timedelta(seconds=wait))
            return
        try:
            self._send(job, line)
        except AllAway as away:
            # Nothing was tried, so nothing counts against the mail.
            self.counts["away"] += 1
            rows.give_back([job], until=timezone.now() + timedelta(seconds=away.retry_after))
        except GateShut:
            # Its last dot was not sent: the server forgets it with the connection.
            line.drop()
            self._keep_back(job)
        except Exception:
            # Whatever is wrong with one mail, the others must go out; it is tried again like any other.
            log.exception("mail_attempt_failed", email_id=job.id)
            line.drop()
            self._write_off(job)

    def _keep_back(self, job: Job) -> None:
        with self._changed:
            self._unfinished.append(job)

    def _write_off(self, job: Job) -> None:
        people = rows.look(job)
        fault = Result(0, "", "The hall could not make or send this mail; its log says why.")
        self._record(job, outcomes.of_results(job, people, {person.address: fault for person in people}))

    def _send(self, job: Job, line: Line) -> None:
        people = rows.look(job)
        going = [each for each in people if each.state == State.QUEUED and not (each.suppressed or each.left)]
        if not going:
            if people:
                self._record(job, outcomes.settled(job, people, outcomes.passed_over(people)))
            return
        content = envelopes.content_of(job, address=going[0].address)
        for again in (True, False):
            provider, open_connection = line.open()
            try:
                if open_connection is None:
                    self._hand_to_django(job, people, going, content, provider.parts.scheme)
                else:
                    open_connection.transmit(
                        return_path=envelopes.return_path_of(job),
                        recipients=[person.address for person in going],
                        content=content,
                        gate=self.gate,
                        done=lambda results: self._record(job, outcomes.of_results(job, people, results)),
                    )
                line.succeeded()
                return
            except Lost as lost:
                fresh = open_connection is not None and open_connection.carried == 0
                if lost.is_idle_end:
                    line.drop()
                else:
                    line.failed(lost)
                # After the last dot the server may have it: only the ladder tries again, so that a second copy is rare.
                if not again or lost.after_dot or (fresh and lost.result.code == 0):
                    results = {person.address: lost.result for person in going}
                    self._record(job, outcomes.of_results(job, people, results))
                    return

    def _hand_to_django(self, job: Job, people: list[Person], going: list[Person], content: bytes, scheme: str) -> None:
        """Print a mail on the terminal, or drop it: for development, and for a hall that sends no mail."""
        if scheme == "consolemail":
            with self.gate():
                sys.stdout.write(content.decode("utf-8", "replace") + "\n")
                sys.stdout.flush()
        result = Result(250, "2.0.0", f"250 {scheme}")
        self._record(job, outcomes.of_results(job, people, {person.address: result for person in going}))

    def _record(self, job: Job, outcome: Outcome) -> None:
        rows.record(
            job,
            state=outcome.state,
            told=outcome.told,
            next_at=outcome.next_at,
            destination=outcome.destination,
            deferred=outcome.deferred,
        )
        self.counts["deferred" if outcome.deferred else outcome.state] += 1
        if outcome.dead:
            outcomes.suppress_dead(outcome.dead)
