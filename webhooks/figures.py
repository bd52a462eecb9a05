"""What the Operations page shows of webhooks."""

from datetime import timedelta

from django.db import connection
from django.db.models import Count, Min, Q
from django.db.models.functions import TruncHour
from django.utils import timezone

from lib.operations import Figure, Series, State
from webhooks import partitions
from webhooks.models import Attempt, Delivery, Endpoint, Notice, Outcome

# From here on, what is due should long have been under way.
LATE_SECONDS = 30
STUCK_SECONDS = 300
WEEKS_FEW = 2


def collect() -> list[Figure]:
    now = timezone.now()
    due = Delivery.objects.due(now).filter(Q(endpoint__rests_until_at=None) | Q(endpoint__rests_until_at__lte=now))
    waiting = due.filter(lease_expires_at=None).aggregate(count=Count("pk"), oldest=Min("next_attempt_at"))
    age = (now - waiting["oldest"]).total_seconds() if waiting["oldest"] else 0
    endpoints = Endpoint.objects.present().aggregate(
        enabled=Count("pk", filter=Q(state="enabled")),
        failing=Count("pk", filter=Q(state="enabled", failing_since_at__isnull=False)),
        disabled=Count("pk", filter=Q(state="disabled")),
    )
    hours = _by_hour()
    weeks = sum(week.start > now for week in partitions.existing(connection))
    dead = Delivery.objects.dead().since(now - timedelta(days=1)).count()
    return [
        Figure("Due", waiting["count"], "deliveries"),
        Figure("In flight", Delivery.objects.in_flight(now).count(), "deliveries"),
        Figure("Oldest due", round(age), "s", _state(age)),
        Figure("Waiting for later", Delivery.objects.pending().filter(next_attempt_at__gt=now).count(), "deliveries"),
        Figure("Dead letters of a day", dead, "", "wait" if dead else "ok"),
        Figure("Attempts in a day", int(sum(hours)), "", "", Series(values=hours, span="24 hours")),
        Figure("Failed in a day", _failed(), ""),
        Figure("Endpoints", endpoints["enabled"], "enabled"),
        Figure("Failing", endpoints["failing"], "endpoints", "wait" if endpoints["failing"] else "ok"),
        Figure("Disabled", endpoints["disabled"], "endpoints"),
        Figure("Mails to owners waiting", Notice.objects.filter(sent_at=None).count()),
        Figure("Weeks made ahead", weeks, "", "failed" if weeks < WEEKS_FEW else "ok"),
    ]


def _state(age: float) -> State:
    if age > STUCK_SECONDS:
        return "failed"
    return "wait" if age > LATE_SECONDS else "ok"


def _failed() -> int:
    since = timezone.now() - timedelta(days=1)
    return Attempt.objects.filter(started_at__gte=since).exclude(outcome=Outcome.SUCCEEDED).count()


def _by_hour() -> list[float]:
    first = timezone.now().replace(minute=0, second=0, microsecond=0) - timedelta(hours=23)
    rows = Attempt.objects.filter(started_at__gte=first).annotate(hour=TruncHour("started_at")).values_list("hour")
    counts = dict(rows.annotate(total=Count("pk")))
    return [float(counts.get(first + timedelta(hours=step), 0)) for step in range(24)]
