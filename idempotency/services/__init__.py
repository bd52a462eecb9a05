"""Every write about one execution: claim, finish, let go. `upkeep` has what sweeps and operators do.

Lock order: a record is locked by the last statement of a transaction that has an effect, after every other row.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from django.db import connection
from django.db.models import F, Func, JSONField, Value
from django.utils import timezone

from idempotency import claims
from idempotency.claims import Claim, letting_go, moment
from idempotency.models import FINISHED, Record

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=60)
RETENTION = timedelta(hours=24)

# Neither waits for the disk. A claim that a crash of the server forgets had no effect: the effect's own commit writes
# everything before it, too. An answer that is forgotten so is a lost one, as when the worker dies.
CLAIM = """
INSERT INTO idempotency_record
  (key, caller, method, route, fingerprint, fence, lease_expires_at, procedure, recovery_point, state, created_at,
   expires_at, answer, headers, messages, timeline)
SELECT %s, %s, %s, %s, %s, 1, %s, %s, 'started', %s::jsonb, %s, %s, '', '{}'::jsonb, '[]'::jsonb, %s::jsonb
FROM (SELECT set_config('synchronous_commit', coalesce(%s, current_setting('synchronous_commit')), true)) AS unhurried
ON CONFLICT (key, caller, method, route) DO NOTHING
RETURNING id
"""
FINISH = """
UPDATE idempotency_record SET
  completed_at = %s, expires_at = %s, recovery_point = %s, answer = %s, status = %s, headers = %s::jsonb, body = %s,
  messages = %s::jsonb, timeline = timeline || %s::jsonb, failed_at = NULL
FROM (SELECT set_config('synchronous_commit', coalesce(%s, current_setting('synchronous_commit')), true)) AS unhurried
WHERE id = %s AND fence = %s AND completed_at IS NULL
"""


class IdempotencyError(Exception):
    """A rule of this app refused the request; the message is for the person."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a key is unique in (invariant 1)."""

    caller: str
    method: str
    route: str
    key: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What is kept of an answer."""

    kind: Record.Answer
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    messages: list[list[object]] = field(default_factory=list)


# --- One execution ----------------------------------------------------------------------------------------


def claim(
    *,
    scope: Scope,
    fingerprint: bytes,
    lease: timedelta = LEASE,
    retention: timedelta = RETENTION,
    procedure: str = "",
    state: dict[str, object] | None = None,
) -> Claim | Record:
    """Take the right to execute, committed at once; return the record of whoever has or had it otherwise.

    A record whose lease ran out before any effect is taken over, with a higher fence; so is a procedure's at any
    point, because it goes on where it was. An expired record makes room.
    """
    with letting_go():
        while True:
            found = _insert(scope, fingerprint, lease, retention, procedure, state) or find(scope=scope)
            if isinstance(found, Claim):
                return found
            now = timezone.now()
            if found is None or _purge_one(found, now):
                continue
            if bytes(found.fingerprint) != fingerprint or found.completed_at or found.lease_expires_at > now:
                return found
            taken = take_over(record=found, lease=lease)
            if taken is not None:
                return taken
            if is_over(record=found):
                return found


def find(*, scope: Scope) -> Record | None:
    """Return the record of a key as it is now."""
    return Record.objects.filter(key=scope.key, caller=scope.caller, method=scope.method, route=scope.route).first()


def _alone() -> str | None:
    """Return the setting for a statement that is its own transaction; None inside of somebody else's."""
    return "off" if connection.get_autocommit() else None


def is_over(*, record: Record) -> bool:
    """Tell whether the holder is gone after an effect, so that all that is missing is an answer that nobody has."""
    return bool(record.effect_at) and not record.resumes and record.lease_expires_at <= timezone.now()


def _insert(
    scope: Scope,
    fingerprint: bytes,
    lease: timedelta,
    retention: timedelta,
    procedure: str,
    state: dict[str, object] | None,
) -> Claim | None:
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(
            CLAIM,
            [
                *(scope.key, scope.caller, scope.method, scope.route, fingerprint, now + lease, procedure),
                *(json.dumps(state or {}), now, now + retention, moment("claimed", 1), _alone()),
            ],
        )
        row = cursor.fetchone()
    return Claim(row[0], 1) if row else None


def _purge_one(record: Record, now: datetime) -> bool:
    """Make room for a new use of a key whose time is over; the fence of a late holder leads nowhere then."""
    if record.completed_at is None or record.expires_at > now:
        return False
    Record.objects.filter(pk=record.pk).delete()
    return True


def take_over(*, record: Record, lease: timedelta = LEASE, rest: timedelta | None = None) -> Claim | None:
    """Take abandoned work over; return None when somebody was faster, or when it had an effect already.

    With `rest` it counts as an attempt, and the next one may come after that time.
    """
    now = timezone.now()
    rows = Record.objects.abandoned(now).filter(pk=record.pk, fence=record.fence)
    if not record.resumes:
        rows = rows.filter(effect_at=None)
    fence = record.fence + 1
    attempt = {"attempts": record.attempts + 1, "next_attempt_at": now + rest} if rest is not None else {}
    taken = rows.update(
        fence=fence,
        lease_expires_at=now + lease,
        failed_at=None,
        timeline=longer(what="taken over", fence=fence, at=now),
        **attempt,
    )
    if not taken:
        return None
    log.info("idempotency_taken_over", record_id=record.pk, fence=fence)
    return Claim(record.pk, fence)


def longer(*, what: str, fence: int, at: datetime) -> Func:
    """Return the timeline with one line more, whatever was written into it meanwhile."""
    line = Value([[at.isoformat(timespec="milliseconds"), what, fence]], output_field=JSONField())
    return Func(F("timeline"), line, template="%(expressions)s", arg_joiner=" || ")


def finish(*, claim: Claim, answer: Answer, retention: timedelta = RETENTION) -> bool:
    """Keep the answer; return False when the claim does not stand any more.

    A procedure that stands halfway has no answer yet, whatever its caller says: it is let go, for whoever comes next.
    """
    if claim.halfway:
        let_go(claim=claim, retention=retention)
        return False
    now = timezone.now()
    with letting_go(), connection.cursor() as cursor:
        cursor.execute(
            FINISH,
            [
                *(now, now + retention, FINISHED, answer.kind.value, answer.status, json.dumps(answer.headers)),
                *(answer.body, json.dumps(answer.messages), moment(f"finished, answer {answer.kind}", claim.fence)),
                *(_alone(), claim.record_id, claim.fence),
            ],
        )
        return cursor.rowcount == 1


def release(*, claim: Claim) -> bool:
    """Give the key back as if it had never been used; return False when there was an effect or the claim is lost."""
    with letting_go():
        rows = Record.objects.running().filter(
            pk=claim.record_id, fence=claim.fence, effect_at=None, recovery_point="started"
        )
        return bool(rows.delete()[0])


def let_go(*, claim: Claim, retention: timedelta = RETENTION) -> None:
    """End an execution that raised: released without an effect, and with one its answer is a failure that stays."""
    if release(claim=claim):
        return
    record = Record.objects.running().filter(pk=claim.record_id, fence=claim.fence).first()
    if record is None:
        return
    if record.resumes:
        # Whoever comes next goes on at the recovery point, and need not wait for the lease.
        Record.objects.running().filter(pk=claim.record_id, fence=claim.fence).update(
            lease_expires_at=timezone.now(),
            timeline=longer(what="let go", fence=claim.fence, at=timezone.now()),
        )
        return
    finish(claim=claim, answer=Answer(Record.Answer.LOST, status=500), retention=retention)


@contextmanager
def held_until_settled(*, claim: Claim, retention: timedelta = RETENTION) -> Iterator[None]:
    """Hold the claim while the block runs; let it go when the block does not end well."""
    ended_well = False
    try:
        with claims.holding(claim):
            yield
        ended_well = True
    finally:
        if not ended_well:
            let_go(claim=claim, retention=retention)


def renew(*, claim: Claim, lease: timedelta = LEASE) -> None:
    """Lengthen the lease of long work; raise LeaseLost when the claim does not stand any more."""
    with letting_go():
        rows = Record.objects.running().filter(pk=claim.record_id, fence=claim.fence)
        if not rows.update(lease_expires_at=timezone.now() + lease):
            claim.lost = True
            raise claims.LeaseLost(f"the claim on record {claim.record_id} does not stand any more")
