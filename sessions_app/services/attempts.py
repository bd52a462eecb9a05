"""Tries to sign in, counted so that passwords cannot be guessed."""

from datetime import timedelta

from django.utils import timezone

from sessions_app.clients import Client
from sessions_app.models import SecurityEvent, User
from sessions_app.services.events import record, subject_hash

ATTEMPT_WINDOW = timedelta(minutes=5)
ATTEMPTS_PER_SUBJECT = 5
ATTEMPTS_PER_ADDRESS = 50


def record_failed_sign_in(*, email: str, client: Client) -> None:
    """Note a wrong password, for the person if there is one and for the limit in any case."""
    user = User.objects.filter(email__iexact=email).first() if "\0" not in email else None
    record(kind=SecurityEvent.Kind.SIGN_IN_FAILED, user=user, client=client, subject=email)


def retry_after(*, email: str, client: Client) -> int:
    """Return the seconds to wait before this address may try again; 0 when it may now.

    Counted in Postgres, so that the limit stands while Redis is away.
    """
    now = timezone.now()
    failures = SecurityEvent.objects.failed_attempts(since=now - ATTEMPT_WINDOW)
    waits = [0.0]
    for rows, allowed in (
        (failures.filter(subject_hash=subject_hash(email=email)), ATTEMPTS_PER_SUBJECT),
        (failures.filter(address=client.address), ATTEMPTS_PER_ADDRESS),
    ):
        latest = list(rows.order_by("-at").values_list("at", flat=True)[:allowed])
        if len(latest) == allowed:
            waits.append((latest[-1] + ATTEMPT_WINDOW - now).total_seconds())
    return int(max(waits) + 0.999)
