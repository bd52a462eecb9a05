"""The claim that this thread holds on a key, and the fence that every commit passes while it does.

A service is its own transaction (`durable=True`) and knows nothing of keys. So the connection asks, inside each
transaction and right before its commit: is the fencing number still mine? The same statement notes that there was
an effect. It commits with the rows of the effect or not at all (invariants 2 and 3).
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone

READS = ("SELECT", "SHOW", "EXPLAIN")

# A lock counts as a write here: it takes a transaction id, too.
NOTE_EFFECT = """
UPDATE idempotency_record SET
  effect_at = CASE WHEN pg_current_xact_id_if_assigned() IS NULL THEN effect_at
              ELSE coalesce(effect_at, clock_timestamp()) END,
  timeline = CASE WHEN pg_current_xact_id_if_assigned() IS NULL OR effect_at IS NOT NULL THEN timeline
             ELSE timeline || %s::jsonb END
WHERE id = %s AND fence = %s AND completed_at IS NULL
"""


class LeaseLost(DatabaseError):
    """Somebody else holds the key by now: this transaction must not commit."""


@dataclass(slots=True)
class Claim:
    """The right to execute: it stands while the record carries the same fence."""

    record_id: int
    fence: int
    lost: bool = False
    # A procedure began under it and has not come to its end.
    halfway: bool = False


_held: ContextVar[Claim | None] = ContextVar("idempotency_claim", default=None)


def held() -> Claim | None:
    return _held.get()


@contextmanager
def holding(claim: Claim) -> Iterator[None]:
    """Let every commit of this thread pass the claim's fence while the block runs."""
    token = _held.set(claim)
    try:
        with connections[DEFAULT_DB_ALIAS].execute_wrapper(_commit_alone):
            yield
    finally:
        _held.reset(token)


@contextmanager
def letting_go() -> Iterator[None]:
    """Commit without a fence: for what the record itself says of its claim."""
    token = _held.set(None)
    try:
        yield
    finally:
        _held.reset(token)


def before_commit(connection: BaseDatabaseWrapper) -> None:
    """Note the effect of the transaction that is about to commit; raise LeaseLost when the claim does not stand."""
    claim = _held.get()
    if claim is not None and connection.alias == DEFAULT_DB_ALIAS:
        note_effect(connection, claim)


def note_effect(connection: BaseDatabaseWrapper, claim: Claim) -> None:
    with connection.cursor() as cursor:
        cursor.execute(NOTE_EFFECT, [moment("effect", claim.fence), claim.record_id, claim.fence])
        if cursor.rowcount != 1:
            claim.lost = True
            raise LeaseLost(f"the claim on record {claim.record_id} with fence {claim.fence} does not stand any more")


def _commit_alone(execute: Any, sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
    """Give a statement that would commit by itself a transaction with the fence in it."""
    connection = context["connection"]
    alone = _held.get() is not None and not connection.in_atomic_block and connection.get_autocommit()
    if not alone or str(sql).lstrip(" \n(")[:7].upper().startswith(READS):
        return execute(sql, params, many, context)
    with transaction.atomic(using=connection.alias, durable=True):
        return execute(sql, params, many, context)


def moment(what: str, fence: int) -> str:
    """Return one line for a timeline, as JSON."""
    return json.dumps([[timezone.now().isoformat(timespec="milliseconds"), what, fence]])
