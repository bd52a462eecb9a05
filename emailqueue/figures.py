"""What the Operations page shows of mail."""

from collections import Counter
from datetime import datetime, timedelta

from django.db.models import Count, Q
from django.db.models.functions import TruncHour
from django.utils import timezone

from emailqueue import samples
from emailqueue.models import Email, EmailEvent, Suppression
from lib.operations import Figure, Series, State

# From here on, an operator should look: a mail that is due is out within seconds when the worker runs.
OLD_SECONDS = 120
STUCK_SECONDS = 900
BOUNCES_MANY = 0.05
COMPLAINTS_MANY = 0.001
HOURS = 24
KINDS = (EmailEvent.Kind.SENT, EmailEvent.Kind.BOUNCED_HARD, EmailEvent.Kind.COMPLAINED, EmailEvent.Kind.REFUSED)


def collect() -> list[Figure]:
    now = timezone.now()
    waiting = Email.objects.filter(state__in=("queued", "sending", "held"))
    found = waiting.aggregate(
        due=Count("pk", filter=Q(state="queued", next_attempt_at__lte=now)),
        deferred=Count("pk", filter=Q(state="queued", next_attempt_at__gt=now, deferrals__gt=0)),
        scheduled=Count("pk", filter=Q(state="queued", next_attempt_at__gt=now, deferrals=0)),
        sending=Count("pk", filter=Q(state="sending")),
        held=Count("pk", filter=Q(state="held")),
    )
    hours = _by_hour(now)
    sent = sum(hours["sent"].values())
    bounced = sum(hours["bounced_hard"].values()) + sum(hours["refused"].values())
    complained = sum(hours["complained"].values())
    age = samples.oldest_due()
    old: State = "failed" if age > STUCK_SECONDS else "wait" if age > OLD_SECONDS else "ok"
    ages = samples.taken()
    return [
        Figure("Oldest due since", age, "s", old, Series(values=ages, span="2 hours") if len(ages) > 1 else None),
        Figure("Due", found["due"], "mails"),
        Figure("In flight", found["sending"], "mails"),
        Figure("Told to come later", found["deferred"], "mails"),
        Figure("For later", found["scheduled"], "mails"),
        Figure("Held", found["held"], "mails", "wait" if found["held"] else "ok"),
        Figure("Sent", sent, "today", "", _series(hours["sent"], now)),
        Figure(
            "Bounced or refused",
            bounced,
            "today",
            "wait" if bounced > max(5, sent * BOUNCES_MANY) else "ok",
            _series(hours["bounced_hard"] + hours["refused"], now),
        ),
        Figure("Complaints", complained, "today", "wait" if complained > max(1, sent * COMPLAINTS_MANY) else "ok"),
        Figure("On the suppression list", Suppression.objects.standing(now).count(), "addresses"),
    ]


def _by_hour(now: datetime) -> dict[str, Counter[datetime]]:
    rows = (
        EmailEvent.objects.filter(at__gt=now - timedelta(hours=HOURS), kind__in=KINDS)
        .annotate(hour=TruncHour("at"))
        .values_list("kind", "hour")
        .annotate(number=Count("pk"))
        .order_by()
    )
    found: dict[str, Counter[datetime]] = {kind.value: Counter() for kind in KINDS}
    for kind, hour, number in rows:
        found[kind][hour] = number
    return found


def _series(hours: Counter[datetime], now: datetime) -> Series:
    last = now.replace(minute=0, second=0, microsecond=0)
    steps = [last - timedelta(hours=back) for back in range(HOURS - 1, -1, -1)]
    return Series(values=[hours[step] for step in steps], span="24 hours")
