"""What the Operations page shows of likes."""

from datetime import timedelta

from django.db.models import Count, Min, Q
from django.utils import timezone

from lib.operations import Figure
from likes.models import Notice, Reaction

# Owners are told within a day; what is older than two is stuck.
STUCK = timedelta(days=2)


def collect() -> list[Figure]:
    now = timezone.now()
    today = Reaction.objects.filter(created_at__gte=now - timedelta(days=1)).count()
    waiting = Reaction.objects.unnoticed().aggregate(count=Count("pk"), oldest=Min("created_at"))
    notices = Notice.objects.aggregate(
        muted=Count("pk", filter=Q(muted_at__isnull=False)), sent=Count("pk", filter=Q(next_mail_at__gt=now))
    )
    age = now - waiting["oldest"] if waiting["oldest"] else timedelta(0)
    return [
        Figure("Reactions in a day", today),
        Figure("Owners to be told of", waiting["count"], "reactions"),
        Figure("Oldest of them", round(age.total_seconds()), "s", "failed" if age > STUCK else "ok"),
        Figure("Owners who had their mail of the day", notices["sent"]),
        Figure("Owners who want none", notices["muted"]),
    ]
