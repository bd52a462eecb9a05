"""What the Operations page shows of sign-in and sessions."""

from datetime import datetime, timedelta

from django.db.models import Count, Min
from django.db.models.functions import TruncHour
from django.utils import timezone

from lib.operations import Figure, Series, State
from sessions_app.models import SecurityEvent, Session

# From here on, an operator should look: somebody guesses, or nothing is cleared.
FAILURES_MANY = 500
CLEARING_LATE = timedelta(hours=3)


def collect() -> list[Figure]:
    now = timezone.now()
    day = now - timedelta(days=1)
    active = Session.objects.active(now).filter(user__isnull=False).count()
    signed_in = _by_hour(SecurityEvent.Kind.SIGNED_IN, now)
    failed = _by_hour(SecurityEvent.Kind.SIGN_IN_FAILED, now)
    ended = dict(
        Session.objects.filter(revoked_at__gte=day).values_list("revoked_because").annotate(Count("pk")).order_by()
    )
    return [
        Figure("Active sessions", active),
        Figure("Signed in, in a day", int(sum(signed_in)), "", "", _series(signed_in)),
        Figure("Failed sign-ins, in a day", int(sum(failed)), "", _guessed(sum(failed)), _series(failed)),
        *(Figure(f"Ended, {reason.label}", ended[reason]) for reason in Session.Reason if reason in ended),
        _oldest_to_clear(now),
    ]


def _by_hour(kind: SecurityEvent.Kind, now: datetime) -> list[float]:
    first = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=23)
    rows = SecurityEvent.objects.filter(kind=kind, at__gte=first).annotate(hour=TruncHour("at"))
    counts = dict(rows.values_list("hour").annotate(Count("pk")).order_by())
    return [float(counts.get(first + timedelta(hours=hour), 0)) for hour in range(24)]


def _series(values: list[float]) -> Series:
    return Series(values=values, span="24 hours")


def _guessed(failures: float) -> State:
    return "wait" if failures >= FAILURES_MANY else "ok"


def _oldest_to_clear(now: datetime) -> Figure:
    """For how long the session that is due longest has waited to be deleted."""
    due = Session.objects.aggregate(expired=Min("idle_expires_at"), revoked=Min("revoked_at"))
    moments = [moment for moment in due.values() if moment is not None and moment <= now]
    age = now - min(moments) if moments else timedelta()
    return Figure("Oldest to clear", round(age.total_seconds()), "s", "wait" if age > CLEARING_LATE else "ok")
