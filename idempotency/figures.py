"""What the Operations page shows of keys."""

from datetime import timedelta

from django.db.models import Count, Min, Q
from django.utils import timezone

from idempotency.models import Record
from idempotency.services import LEASE
from lib.operations import Figure

# One sweep a minute finishes what was abandoned; what is older is stuck.
SWEEP = timedelta(minutes=1)


def collect() -> list[Figure]:
    now = timezone.now()
    abandoned = Q(completed_at=None, failed_at=None, lease_expires_at__lte=now)
    long_ago = now - LEASE - 2 * SWEEP
    stuck = abandoned & Q(lease_expires_at__lte=long_ago) & (Q(next_attempt_at=None) | Q(next_attempt_at__lte=long_ago))
    found = Record.objects.aggregate(
        kept=Count("pk", filter=Q(completed_at__isnull=False)),
        running=Count("pk", filter=Q(completed_at=None, lease_expires_at__gt=now)),
        abandoned=Count("pk", filter=abandoned),
        stuck=Count("pk", filter=stuck),
        resting=Count("pk", filter=abandoned & Q(next_attempt_at__gt=now)),
        failed=Count("pk", filter=Q(failed_at__isnull=False)),
        lost=Count("pk", filter=Q(answer=Record.Answer.LOST)),
        due=Count("pk", filter=Q(completed_at__isnull=False, expires_at__lte=now)),
        oldest=Min("lease_expires_at", filter=abandoned),
    )
    oldest = found["oldest"]
    return [
        Figure("In flight", found["running"], "keys"),
        Figure("Abandoned", found["abandoned"], "keys", "wait" if found["abandoned"] else "ok"),
        Figure("Stuck", found["stuck"], "keys", "failed" if found["stuck"] else "ok"),
        Figure("Failed, to be tried again", found["resting"], "procedures", "wait" if found["resting"] else "ok"),
        Figure("Failed for good", found["failed"], "procedures", "failed" if found["failed"] else "ok"),
        Figure("Oldest abandoned since", round((now - oldest).total_seconds()) if oldest else 0, "s"),
        Figure("Answers lost", found["lost"], "today", "wait" if found["lost"] else "ok"),
        Figure("Kept", found["kept"], "keys"),
        Figure("Waiting to be deleted", found["due"], "keys"),
    ]
