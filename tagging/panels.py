"""What the Operations page shows of tags."""

from datetime import timedelta

from django.db.models import Count, Min, Q
from django.utils import timezone

from lib.operations import Figure
from tagging.models import Merge, Shortlist, Tag

# A merge that nobody works on is taken up within a minute.
STUCK = timedelta(minutes=30)


def collect() -> list[Figure]:
    now = timezone.now()
    tags = Tag.objects.aggregate(
        offered=Count("pk", filter=Q(canonical=None, retired_at=None)),
        synonyms=Count("pk", filter=Q(canonical__isnull=False)),
        unused=Count("pk", filter=Q(canonical=None, retired_at=None, usage_count=0)),
    )
    merges = Merge.objects.unfinished().aggregate(count=Count("pk"), oldest=Min("at"))
    age = now - merges["oldest"] if merges["oldest"] else timedelta(0)
    return [
        Figure("Tags", tags["offered"]),
        Figure("Synonyms", tags["synonyms"]),
        Figure("Tags that nothing carries", tags["unused"]),
        Figure("Merges under way", merges["count"], "", "wait" if merges["count"] else "ok"),
        Figure("Oldest of them", round(age.total_seconds()), "s", "failed" if age > STUCK else "ok"),
        Figure("Short lists", Shortlist.objects.count()),
    ]
