"""Work that leaves the process, in atomic phases (Brandur Leach, "Implementing Stripe-like Idempotency Keys in
Postgres", 2017).

A procedure is a list of steps, each named for the recovery point at which it begins. An inside step runs in a
transaction of its own, which also moves the record to the next point. An outside step runs with no transaction open;
it is given a key of its own, made from the record's id, so that the other side can tell a repetition. Whoever comes
after a crash (the client's retry, or the completer) goes on at the recovery point that was committed last.

    PAY = Procedure(
        "payments.pay",
        inside("started", reserve),
        outside("reserved", charge),
        inside("charged", book),
        answer=receipt,
    )

`reserve(state)` and `book(state)` return what to add to the state, as JSON; `charge(state, key)` does, too. `answer`
turns the last state into the kept answer. A step that raises `Ended(answer)` ends the procedure for good: a card that
was declined. One that raises anything else is tried again from its point.
"""

import contextlib
import hashlib
import json
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple

import structlog
from django.db import transaction
from django.utils import timezone

from idempotency import claims, fingerprints, services
from idempotency.claims import Claim, LeaseLost
from idempotency.models import FINISHED, STARTED, Record
from idempotency.services import Answer, Scope, upkeep

log = structlog.get_logger(__name__)

State = dict[str, Any]

# Past the last step only the answer is missing.
DONE = "done"
# A sweep that takes longer leaves the rest to the next one, which comes a minute after it.
SWEEP_SECONDS = 45.0


class NoSuchProcedure(LookupError):
    """A record names a procedure that this version of the program does not have."""


class NoSuchPoint(LookupError):
    """A record stands at a point that this version of its procedure does not have."""


class AnotherProcedure(RuntimeError):
    """A key already belongs to another procedure: one request, task or event runs one."""


class Ended(Exception):
    """Raised by a step: the procedure is over with this answer, and nothing can be written under its key any more."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"ended with {answer.status}")
        self.answer = answer


class Step(NamedTuple):
    point: str
    work: Callable[..., State | None]
    leaves: bool


def inside(point: str, work: Callable[[State], State | None]) -> Step:
    """Return a step that runs in one transaction with the move to the next point."""
    return Step(point, work, leaves=False)


def outside(point: str, work: Callable[[State, str], State | None]) -> Step:
    """Return a step that talks to somebody else; it may run again with the same key after a crash."""
    return Step(point, work, leaves=True)


_procedures: dict[str, "Procedure"] = {}


class Procedure:
    """Steps with recovery points, registered under a name that records keep."""

    def __init__(
        self, name: str, *steps: Step, answer: Callable[[State], Answer], lease: timedelta = services.LEASE
    ) -> None:
        points = [step.point for step in steps]
        taken = {FINISHED, DONE} & set(points)
        if not steps or points[0] != STARTED or taken or len(set(points)) != len(points):
            raise ValueError(f"{name}: steps begin at {STARTED!r}, each at its own point, none at {FINISHED} or {DONE}")
        if name in _procedures:
            raise ValueError(f"a procedure named {name!r} is registered already")
        self.name, self.steps, self.answer, self.lease = name, steps, answer, lease
        _procedures[name] = self

    def run(self, *, state: State) -> State:
        """Run to the end under the claim that a decorator took for this request, task or event; return the state.

        A claim that was taken over goes on with the state that was committed, not with this one. Raise Ended when a
        step ends it early, and whatever else a step raises; the rest stays to be done then, whatever is answered.
        """
        claim = claims.held()
        if claim is None:
            raise RuntimeError(f"{self.name} runs under a key: decorate the caller, or use start()")
        with claims.letting_go():
            record = Record.objects.get(pk=claim.record_id)
            if not record.procedure:
                _adopt(claim, self.name, state)
                record.state = state
            elif record.procedure != self.name:
                raise AnotherProcedure(f"the key of {record.procedure} cannot run {self.name}, too")
        return self._walk(claim, record.recovery_point, record.state)

    def start(self, *, caller: str, key: str, state: State) -> Record:
        """Run to the end under a key of the caller's own, once; return the record.

        A record that is still held by somebody, or was started with another state, is returned as it is.
        """
        scope = Scope(caller=caller, method="RUN", route=self.name, key=key)
        fingerprint = fingerprints.digest(method="RUN", route=self.name, address="", body=state)
        found = services.claim(scope=scope, fingerprint=fingerprint, lease=self.lease, procedure=self.name, state=state)
        if isinstance(found, Claim):
            self.resume(claim=found)
            return Record.objects.get(pk=found.record_id)
        return found

    def resume(self, *, claim: Claim) -> None:
        """Go on at the recovery point, and keep the answer."""
        with services.held_until_settled(claim=claim):
            record = Record.objects.get(pk=claim.record_id)
            with contextlib.suppress(Ended):
                state = self._walk(claim, record.recovery_point, record.state)
                services.finish(claim=claim, answer=self.answer(state))

    def _walk(self, claim: Claim, point: str, state: State) -> State:
        points = [*(step.point for step in self.steps), DONE]
        if point not in points:
            raise NoSuchPoint(f"{self.name} has no point {point}")
        claim.halfway = True
        try:
            for step, following in list(zip(self.steps, points[1:], strict=True))[points.index(point) :]:
                state = self._take(step, following, claim, state)
        except Ended as ended:
            claim.halfway = False
            services.finish(claim=claim, answer=ended.answer)
            raise
        claim.halfway = False
        return state

    def _take(self, step: Step, following: str, claim: Claim, state: State) -> State:
        """Take one step and move the record to the point after it; return the state there."""
        if step.leaves:
            services.renew(claim=claim, lease=self.lease)
            found = step.work(dict(state), outbound_key(claim.record_id, step.point))
            state = state | (found or {})
            advance(claim, following, state)
        else:
            with transaction.atomic(durable=True):
                state = state | (step.work(dict(state)) or {})
                advance(claim, following, state)
        return state


def outbound_key(record_id: int, point: str) -> str:
    """Return the key under which the other side sees a step: the same however often the step runs."""
    return hashlib.sha256(f"{record_id}:{point}".encode()).hexdigest()[:40]


def advance(claim: Claim, point: str, state: State) -> None:
    """Move the record to a recovery point, in the caller's transaction if there is one. Raise LeaseLost."""
    with claims.letting_go():
        moved = (
            Record.objects.running()
            .filter(pk=claim.record_id, fence=claim.fence)
            .update(
                recovery_point=point,
                state=json.loads(json.dumps(state)),
                timeline=services.longer(what=point, fence=claim.fence, at=timezone.now()),
            )
        )
    if not moved:
        claim.lost = True
        raise LeaseLost(f"the claim on record {claim.record_id} does not stand any more")


def _adopt(claim: Claim, name: str, state: State) -> None:
    rows = Record.objects.running().filter(pk=claim.record_id, fence=claim.fence, procedure="")
    if not rows.update(procedure=name, state=state):
        claim.lost = True
        raise LeaseLost(f"the claim on record {claim.record_id} does not stand any more")


def complete_abandoned(*, limit: int | None = None, seconds: float = SWEEP_SECONDS) -> tuple[int, int]:
    """Take over abandoned procedures and run them to their end; return (completed, failed).

    One that fails stays at its point and rests, longer each time, until its attempts are used up and it is given up.
    It does not hold the others up.
    """
    completed = failed = 0
    until = time.monotonic() + seconds
    for record in Record.objects.due(timezone.now()).order_by("lease_expires_at")[: limit or upkeep.COMPLETE_BATCH]:
        if time.monotonic() >= until:
            break
        # The attempt is counted before it is made: one that kills its worker counts, too.
        claim = services.take_over(record=record, rest=upkeep.rest_after(attempts=record.attempts + 1))
        if claim is None:
            continue
        try:
            find_procedure(record.procedure).resume(claim=claim)
            completed += 1
        except Exception:
            # A sweep records what went wrong and goes on.
            log.exception("idempotency_not_completed", record_id=record.pk, procedure=record.procedure)
            failed += 1
    upkeep.give_up()
    return completed, failed


def find_procedure(name: str) -> Procedure:
    if name not in _procedures:
        raise NoSuchProcedure(name)
    return _procedures[name]
