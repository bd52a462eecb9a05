"""What the Operations page shows of comments."""

from datetime import timedelta

from django.db.models import Count, Min
from django.utils import timezone

from comments.models import Appeal, Comment, Discussion, Report
from comments.services import due_digests
from lib.operations import Figure

# A report that nobody looked at for a day is late.
LATE = timedelta(days=1)


def collect() -> list[Figure]:
    now = timezone.now()
    waiting = [Comment.State.HELD, Comment.State.PENDING]
    reports, held, discussions = (
        rows.aggregate(count=Count("pk"), at=Min("created_at"))
        for rows in (
            Report.objects.waiting(),
            Comment.objects.filter(state__in=waiting),
            Discussion.objects.filter(state=Discussion.State.HELD),
        )
    )
    age = max((now - each["at"] for each in (reports, held, discussions) if each["at"]), default=timedelta(0))
    return [
        Figure("Reports to look at", reports["count"]),
        Figure("Comments held", held["count"]),
        Figure("Discussions held", discussions["count"]),
        Figure("Appeals", Appeal.objects.open().count()),
        Figure("Digests due", len(due_digests())),
        Figure("Oldest of these", round(age.total_seconds()), "s", "wait" if age > LATE else "ok"),
    ]
