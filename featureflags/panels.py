"""What the Operations page shows of flags."""

from datetime import datetime, timedelta

from django.db.models import Sum
from django.utils import timezone

from featureflags.models import EvaluationCount, Flag, FlagChange, Stamp
from featureflags.snapshot import store
from lib.operations import Figure, Series


def collect() -> list[Figure]:
    now = timezone.now()
    flags = list(Flag.objects.active())
    stale = sum(bool(flag.staleness(now)) for flag in flags)
    killed = sum(flag.killed_at is not None for flag in flags)
    overdue = Flag.objects.overdue().count()
    hours = _by_hour(now)
    stamp = Stamp.objects.values_list("version", flat=True).first() or 0
    behind = max(stamp - max(store.fresh().version, 0), 0)
    return [
        Figure("Flags", len(flags)),
        Figure("Killed", killed, "", "wait" if killed else "ok"),
        Figure("Stale", stale, "", "wait" if stale else "ok"),
        Figure("Past their end date", overdue, "", "wait" if overdue else "ok"),
        Figure("Changes in a day", FlagChange.objects.filter(at__gte=now - timedelta(days=1)).count()),
        Figure("Evaluations in a day", int(sum(hours)), "", "", Series(values=hours, span="24 hours")),
        Figure("This process is behind by", behind, "changes", "failed" if behind else "ok"),
    ]


def _by_hour(now: datetime) -> list[float]:
    first = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=23)
    rows = EvaluationCount.objects.filter(at__gte=first).values_list("at").annotate(total=Sum("count"))
    counts = dict(rows)
    return [float(counts.get(first + timedelta(hours=hour), 0)) for hour in range(24)]
