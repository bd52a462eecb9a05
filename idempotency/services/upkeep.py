"""What sweeps and operators do to records: finish or release what was abandoned, delete what is old, set one right."""

from collections.abc import Iterable
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.utils import timezone

from idempotency.models import FINISHED, Intervention, Record
from idempotency.services import RETENTION, IdempotencyError, longer
from sessions_app.models import User

COMPLETE_BATCH = 100
PURGE_BATCH = 1000
# With these rests the last attempt comes after some seven hours.
ATTEMPTS_MAX = 12
REST_FIRST = timedelta(minutes=1)
REST_MAX = timedelta(hours=1)

log = structlog.get_logger(__name__)


class AlreadyFinished(IdempotencyError): ...


class NoSuchRecord(IdempotencyError): ...


class NothingToRetry(IdempotencyError): ...


# --- The completer and the reaper -------------------------------------------------------------------------


def settle_abandoned(*, limit: int | None = None, batch: int = COMPLETE_BATCH) -> tuple[int, int]:
    """Finish or release what was abandoned and cannot go on by itself; return (finished, released).

    Without an effect the key is free again. With one, what is left to say is that its answer is lost.
    """
    finished = released = 0
    while limit is None or finished + released < limit:
        size = batch if limit is None else min(batch, limit - finished - released)
        with transaction.atomic(durable=True):
            now = timezone.now()
            rows = list(
                Record.objects.abandoned(now)
                .filter(procedure="")
                .order_by("lease_expires_at")
                .select_for_update(skip_locked=True)[:size]
            )
            free = [row.pk for row in rows if row.effect_at is None]
            Record.objects.filter(pk__in=free).delete()
            for row in rows:
                if row.effect_at is not None:
                    _finish_lost(row, now, "finished by the completer, answer lost")
        released += len(free)
        finished += len(rows) - len(free)
        if len(rows) < size:
            break
    return finished, released


def _finish_lost(row: Record, now: datetime, what: str) -> None:
    Record.objects.filter(pk=row.pk).update(
        completed_at=now,
        expires_at=now + RETENTION,
        recovery_point=FINISHED,
        answer=Record.Answer.LOST,
        fence=row.fence + 1,
        failed_at=None,
        timeline=longer(what=what, fence=row.fence + 1, at=now),
    )


def rest_after(*, attempts: int) -> timedelta:
    """Return how long a procedure rests after so many attempts: twice as long each time, up to an hour."""
    return min(REST_FIRST * 2 ** min(attempts - 1, 10), REST_MAX)


@transaction.atomic(durable=True)
def give_up(*, batch: int = COMPLETE_BATCH) -> int:
    """Leave procedures whose attempts are used up to the operators; return how many."""
    now = timezone.now()
    rows = Record.objects.resumable(now).filter(attempts__gte=ATTEMPTS_MAX).order_by("pk")
    found = list(rows.select_for_update(skip_locked=True)[:batch])
    for row in found:
        Record.objects.filter(pk=row.pk).update(
            failed_at=now, timeline=longer(what="given up", fence=row.fence, at=now)
        )
        log.error("idempotency_given_up", record_id=row.pk, procedure=row.procedure, point=row.recovery_point)
    return len(found)


def purge_expired(*, limit: int | None = None, batch: int = PURGE_BATCH) -> int:
    """Delete finished records whose time is over, in batches; return how many."""
    deleted = 0
    while limit is None or deleted < limit:
        size = batch if limit is None else min(batch, limit - deleted)
        with transaction.atomic(durable=True):
            rows = Record.objects.expired(timezone.now()).order_by("expires_at").select_for_update(skip_locked=True)
            ids = list(rows.values_list("pk", flat=True)[:size])
            Record.objects.filter(pk__in=ids).delete()
        deleted += len(ids)
        if len(ids) < size:
            break
    return deleted


# --- Operators --------------------------------------------------------------------------------------------


@transaction.atomic(durable=True)
def finish_by_hand(*, record_id: int, by: User, reason: str) -> Record:
    """Finish a key as done with a lost answer; a holder that still works on it cannot commit any more.

    Raise NoSuchRecord or AlreadyFinished.
    """
    row = _locked(record_id)
    if row.completed_at is not None:
        raise AlreadyFinished("This key is finished already.")
    _finish_lost(row, timezone.now(), f"finished by hand: {reason}")
    _note(row, Intervention.Kind.FINISH, by=by, reason=reason)
    return Record.objects.get(pk=record_id)


@transaction.atomic(durable=True)
def expire_by_hand(*, record_id: int, by: User, reason: str) -> None:
    """Forget a key, so that the same request executes again; a late holder cannot commit. Raise NoSuchRecord."""
    row = _locked(record_id)
    _note(row, Intervention.Kind.EXPIRE, by=by, reason=reason)
    Record.objects.filter(pk=row.pk).delete()


@transaction.atomic(durable=True)
def retry_by_hand(*, record_id: int, by: User, reason: str) -> Record:
    """Let the next sweep try a procedure again, with all attempts before it.

    Raise NoSuchRecord, AlreadyFinished, or NothingToRetry for what is no procedure.
    """
    row = _locked(record_id)
    if row.completed_at is not None:
        raise AlreadyFinished("This key is finished already.")
    if not row.procedure:
        raise NothingToRetry("Only a procedure can go on where it stopped.")
    now = timezone.now()
    Record.objects.filter(pk=row.pk).update(
        attempts=0,
        next_attempt_at=None,
        failed_at=None,
        timeline=longer(what=f"to be tried again: {reason}", fence=row.fence, at=now),
    )
    _note(row, Intervention.Kind.RETRY, by=by, reason=reason)
    return Record.objects.get(pk=record_id)


def _locked(record_id: int) -> Record:
    row = Record.objects.select_for_update(no_key=True).filter(pk=record_id).first()
    if row is None:
        raise NoSuchRecord("This key is not there any more.")
    return row


def _note(row: Record, kind: Intervention.Kind, *, by: User, reason: str) -> None:
    Intervention.objects.create(
        kind=kind, by=by, reason=reason, record_id=row.pk, key=row.key, caller=row.caller, route=row.route
    )


def interventions(*, record_ids: Iterable[int]) -> list[Intervention]:
    """Return what operators did to these records, newest first."""
    return list(Intervention.objects.filter(record_id__in=list(record_ids)).select_related("by").order_by("-pk"))
