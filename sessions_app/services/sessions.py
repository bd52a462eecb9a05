"""The end of sessions: one, a person's others, everybody's, and those that nobody can use again."""

from django.db import transaction
from django.utils import timezone

from sessions_app import cache, signals
from sessions_app.clients import Client
from sessions_app.models import SecurityEvent, Session, SessionQuerySet, User
from sessions_app.services.events import record

Kind = SecurityEvent.Kind

CLEAR_BATCH = 2000


def revoke(*, rows: SessionQuerySet, by: User | None, reason: str) -> int:
    """Revoke the active ones among `rows`, and drop their copies after the commit; return how many.

    Locks them by primary key, in the caller's transaction.
    """
    now = timezone.now()
    found = list(rows.active(now).select_for_update(of=("self",), no_key=True).order_by("pk"))
    Session.objects.filter(pk__in=[row.pk for row in found]).update(
        revoked_at=now, revoked_by=by, revoked_because=reason
    )
    hashes = [bytes(row.token_hash) for row in found]
    transaction.on_commit(lambda: cache.drop(hashes), robust=True)
    return len(found)


@transaction.atomic(durable=True)
def end_session(*, session_id: int, by: User | None, reason: str, client: Client | None = None) -> bool:
    """End one session; return False when it had ended already, or is gone."""
    row = Session.objects.select_related("user").filter(pk=session_id).first()
    if row is None or not revoke(rows=Session.objects.filter(pk=session_id), by=by, reason=reason):
        return False
    if row.user is not None:
        record(kind=Kind.SESSION_ENDED, user=row.user, client=client, by=by, note=f"{row.label}: {reason}")
    signals.sessions_ended.send(sender=Session, user_id=row.user_id, reason=reason)
    return True


@transaction.atomic(savepoint=False)
def end_other_sessions(
    *,
    user_id: int,
    keep_session_id: int | None,
    by: User | None,
    reason: str,
    client: Client | None = None,
    note: str = "",
) -> int:
    """End all sessions of a person but one (None: all of them); return how many ended."""
    user = User.objects.select_for_update(no_key=True).get(pk=user_id)
    ended = revoke(rows=Session.objects.filter(user=user).exclude(pk=keep_session_id or 0), by=by, reason=reason)
    if ended:
        record(kind=Kind.SESSIONS_ENDED, user=user, client=client, by=by, note=f"{ended}: {note or reason}")
        signals.sessions_ended.send(sender=Session, user_id=user_id, reason=reason)
    return ended


def end_all_sessions(*, user_id: int | None, by: User | None, reason: str, note: str = "") -> int:
    """End every session of a person, or of everybody (None) in batches; return how many ended.

    `note` is the operator's own reason, for the security log.
    """
    if user_id is not None:
        return end_other_sessions(user_id=user_id, keep_session_id=None, by=by, reason=reason, note=note)
    ended = 0
    while True:
        with transaction.atomic(durable=True):
            batch = Session.objects.active().order_by("pk").values_list("pk", flat=True)[:CLEAR_BATCH]
            # As a list: a sub-select with LIMIT under FOR UPDATE is planned anew for each row.
            ids = list(batch)
            if not ids:
                break
            ended += revoke(rows=Session.objects.filter(pk__in=ids), by=by, reason=reason)
    record(kind=Kind.SESSIONS_ENDED, user=None, by=by, note=f"everybody, {ended}: {note or reason}")
    signals.sessions_ended.send(sender=Session, user_id=None, reason=reason)
    return ended


def clear_expired(*, limit: int | None = None, batch: int = CLEAR_BATCH) -> int:
    """Delete sessions that no request can use again; return how many.

    In batches of their own transactions, past rows that somebody holds, so that it never blocks a sign-in and may
    be stopped, repeated and run twice at once.
    """
    deleted = 0
    while limit is None or deleted < limit:
        size = batch if limit is None else min(batch, limit - deleted)
        with transaction.atomic(durable=True):
            found = Session.objects.delete_expired(now=timezone.now(), limit=size)
        deleted += found
        if found < size:
            break
    return deleted
