"""How an endpoint fared lately, as numbers for a chart."""

from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import Count, Q
from django.db.models.functions import TruncHour

from lib import sparkline
from webhooks.models import Attempt, Endpoint, Outcome

HOURS = 48
SPAN = "2 days"


class Fared(NamedTuple):
    """Attempts by hour, oldest first."""

    succeeded: list[float]
    failed: list[float]

    @property
    def rate(self) -> str:
        """How many of the attempts succeeded, in words."""
        total = sum(self.succeeded) + sum(self.failed)
        return f"{100 * sum(self.succeeded) / total:.1f} %" if total else "none yet"


def fared(endpoint: Endpoint, now: datetime) -> Fared:
    """Return the attempts of the last two days, in one query."""
    first = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=HOURS - 1)
    good = Q(outcome=Outcome.SUCCEEDED)
    rows = (
        Attempt.objects.filter(endpoint_id=endpoint.pk, started_at__gte=first)
        .annotate(hour=TruncHour("started_at"))
        .values_list("hour")
        .annotate(good=Count("pk", filter=good), bad=Count("pk", filter=~good))
    )
    by_hour = {hour: (good, bad) for hour, good, bad in rows}
    hours = [by_hour.get(first + timedelta(hours=step), (0, 0)) for step in range(HOURS)]
    return Fared([float(good) for good, _ in hours], [float(bad) for _, bad in hours])


def draw(values: list[float], *, width: int = 280, height: int = 48) -> sparkline.Chart:
    return sparkline.draw(values, span=SPAN, width=width, height=height)
