"""What the Operations page shows of comments."""

from datetime import timedelta

from django.db.models import Min
from django.utils import timezone

from comments.models import Appeal, Comment, Discussion, Report
from comments.services import due_digests
from lib.operations import Figure

# A report that nobody looked at for a day is late.
LATE = timedelta(days=1)


def collect() -> list[Figure]:
    now = timezone.now()
    oldest_report = Report.objects.waiting().aggregate(at=Min("created_at"))["at"]
    held = Comment.objects.filter(state__in=[Comment.State.HELD, Comment.State.PENDING])
    discussions = Discussion.objects.filter(state=Discussion.State.HELD)
    oldest_held = [rows.aggregate(at=Min("created_at"))["at"] for rows in (held, discussions)]
    ages = [now - at for at in (oldest_report, *oldest_held) if at]
    age = max(ages, default=timedelta(0))
    return [
        Figure("Reports to look at", Report.objects.waiting().count()),
        Figure("Comments held", held.count()),
        Figure("Discussions held", discussions.count()),
        Figure("Appeals", Appeal.objects.open().count()),
        Figure("Digests due", len(due_digests())),
        Figure("Oldest of these", round(age.total_seconds()), "s", "wait" if age > LATE else "ok"),
    ]
