"""The claim that this thread holds on a key, and the fence that every commit passes while it does.

A service is its own transaction (`durable=True`) and knows nothing of keys. So the connection asks, inside each
transaction and right before its commit: is the fencing number still mine? The same statement notes that there was
an effect. It commits with the rows of the effect or not at all (invariants 2 and 3).
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone

NO_WRITES = ("SELECT", "SHOW", "EXPLAIN", "SAVEPOINT", "RELEASE", "ROLLBACK", "SET ")
WRITES_ONE_TABLE = re.compile(r'\s*(?:UPDATE|INSERT INTO|DELETE FROM) "(\w+)"', re.ASCII)

# An effect is a changed row. A locked one takes a transaction id, too; so where no statement changed a row, the locks
# on tables tell whether something did that this process cannot see (a function, a trigger, a COPY).
NOTE_EFFECT = """
UPDATE idempotency_record SET
  effect_at = CASE WHEN it.changed THEN coalesce(effect_at, clock_timestamp()) ELSE effect_at END,
  timeline = CASE WHEN it.changed AND effect_at IS NULL THEN timeline || %s::jsonb ELSE timeline END
FROM (
  SELECT pg_current_xact_id_if_assigned() IS NOT NULL AND (%s OR EXISTS (
    SELECT FROM pg_locks JOIN pg_class ON pg_class.oid = pg_locks.relation
    WHERE pg_locks.pid = pg_backend_pid() AND pg_locks.mode IN ('RowExclusiveLock', 'ShareRowExclusiveLock',
      'ExclusiveLock', 'AccessExclusiveLock') AND pg_class.relkind IN ('r', 'p') AND pg_class.relname <> ALL(%s)
      AND pg_class.relname <> 'idempotency_record'
  )) AS changed
) AS it
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
    # Of the transaction that runs: whether a statement changed a row, and the tables in which one found none to change.
    changed: bool = False
    unchanged: set[str] = field(default_factory=set)

    def begin_anew(self) -> None:
        """Forget what a transaction changed that has come to its end."""
        self.changed = False
        self.unchanged.clear()

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
        with connections[DEFAULT_DB_ALIAS].execute_wrapper(partial(_watched, claim)):
            yield
    finally:
        _held.reset(token)


@contextmanager
def letting_go() -> Iterator[None]:
    """Commit without a fence, as no effect: for what the record itself says of its claim, and for work for others."""
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


def after_rollback(connection: BaseDatabaseWrapper) -> None:
    """Forget what the transaction that is gone had changed."""
    claim = _held.get()
    if claim is not None and connection.alias == DEFAULT_DB_ALIAS:
        claim.begin_anew()


def note_effect(connection: BaseDatabaseWrapper, claim: Claim) -> None:
    with connection.cursor() as cursor:
        seen: list[Any] = [claim.changed, list(claim.unchanged)]
        cursor.execute(NOTE_EFFECT, [moment("effect", claim.fence), *seen, claim.record_id, claim.fence])
        claim.begin_anew()
        if cursor.rowcount != 1:
            claim.lost = True
            raise LeaseLost(f"the claim on record {claim.record_id} with fence {claim.fence} does not stand any more")


def _watched(claim: Claim, execute: Any, sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
    """Give a statement that would commit by itself a transaction with the fence in it; see whether it changes a row."""
    if _held.get() is not claim or str(sql).lstrip(" \n(")[:9].upper().startswith(NO_WRITES):
        return execute(sql, params, many, context)
    connection = context["connection"]
    alone = not connection.in_atomic_block and connection.get_autocommit()
    with transaction.atomic(using=connection.alias, durable=True) if alone else nullcontext():
        result = execute(sql, params, many, context)
        table = WRITES_ONE_TABLE.match(str(sql))
        if table is None or context["cursor"].rowcount != 0:
            claim.changed = True
        else:
            claim.unchanged.add(table[1])
    return result


def moment(what: str, fence: int) -> str:
    """Return one line for a timeline, as JSON."""
    return json.dumps([[timezone.now().isoformat(timespec="milliseconds"), what, fence]])
