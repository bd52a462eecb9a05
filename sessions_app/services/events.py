"""Lines of the security log."""

import hashlib

from django.db import transaction

from sessions_app import signals
from sessions_app.clients import Client
from sessions_app.models import SecurityEvent, User


@transaction.atomic(savepoint=False)
def record(
    *,
    kind: SecurityEvent.Kind,
    user: User | None,
    client: Client | None = None,
    by: User | None = None,
    subject_hash: bytes | None = None,
    note: str = "",
) -> SecurityEvent:
    """Write one line of the security log, in the caller's transaction if there is one, and announce it."""
    event = SecurityEvent.objects.create(
        kind=kind,
        user=user,
        by=by,
        address=client.address if client else None,
        user_agent=client.user_agent if client else "",
        subject_hash=subject_hash,
        note=note[:200],
    )
    signals.security_event_recorded.send(sender=SecurityEvent, event=event)
    return event


def subject_hash(*, email: str) -> bytes:
    """Return the digest under which tries for a mail address are counted, whatever its case."""
    return hashlib.sha256(email.strip().lower().encode("utf-8", "ignore")).digest()
