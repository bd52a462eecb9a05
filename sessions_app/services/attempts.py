"""Tries to sign in, counted so that passwords cannot be guessed, also by many at once and while Redis is away."""

from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils import timezone

from sessions_app.clients import Client
from sessions_app.models import SecurityEvent, SignInAttempt, SignInAttemptQuerySet, User, token_hash
from sessions_app.services.errors import TooManyTries
from sessions_app.services.events import record, subject_hash

ATTEMPT_WINDOW = timedelta(minutes=5)
ATTEMPTS_PER_SUBJECT = 5
ATTEMPTS_PER_ADDRESS = 50


@transaction.atomic(durable=True)
def begin_attempt(*, email: str, client: Client) -> int:
    """Count a try before its password is looked at; return its id, to be forgiven when the password was right.

    Raise TooManyTries. One that is never heard of again counts as wrong.
    """
    subject = subject_hash(email=email)
    _queue_up(subject, token_hash(client.address or ""))
    now = timezone.now()
    attempts = SignInAttempt.objects.since(now - ATTEMPT_WINDOW)
    wait = max(
        _wait(attempts.filter(subject_hash=subject), ATTEMPTS_PER_SUBJECT, now),
        _wait(attempts.filter(address=client.address), ATTEMPTS_PER_ADDRESS, now),
    )
    if wait:
        raise TooManyTries(wait)
    return SignInAttempt.objects.create(subject_hash=subject, address=client.address, at=now).pk


def _queue_up(*digests: bytes) -> None:
    """Let one at a time count and write, until the transaction ends: there is no row to lock before the first try."""
    with connection.cursor() as cursor:
        # In one order, so that two who share a mail address and a network address cannot wait for each other.
        for number in sorted(int.from_bytes(digest[:8], signed=True) for digest in digests):
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [number])


def _wait(attempts: SignInAttemptQuerySet, allowed: int, now: datetime) -> int:
    """Return the seconds until fewer than `allowed` of these lie in the window."""
    latest = list(attempts.order_by("-at").values_list("at", flat=True)[:allowed])
    if len(latest) < allowed:
        return 0
    return max(1, int((latest[-1] + ATTEMPT_WINDOW - now).total_seconds() + 0.999))


def forgive_attempt(*, attempt_id: int) -> None:
    """Take back a try whose password was right."""
    SignInAttempt.objects.filter(pk=attempt_id).delete()


def record_failed_sign_in(*, email: str, client: Client) -> None:
    """Note a wrong password in the security log, for the person if there is one."""
    user = User.objects.filter(email__iexact=email).first() if "\0" not in email else None
    record(kind=SecurityEvent.Kind.SIGN_IN_FAILED, user=user, client=client, subject_hash=subject_hash(email=email))


def clear_attempts() -> int:
    """Delete tries that no limit counts any more; return how many."""
    deleted, _ = SignInAttempt.objects.exclude(at__gt=timezone.now() - ATTEMPT_WINDOW).delete()
    return deleted
