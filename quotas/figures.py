"""What the Operations page shows of quotas and files."""

from datetime import timedelta

from django.db.models import Count, F, Min, Q, Sum
from django.utils import timezone

from lib.operations import Figure
from quotas.models import Account, Blob, Drift, Grant, Notice, Upload, Version

# Sweeps run every five minutes; what is later than two of them is stuck.
LATE = timedelta(minutes=10)


def collect() -> list[Figure]:
    now = timezone.now()
    hall = Account.objects.filter(user=None, group=None, resource="storage").first()
    uploads = Upload.objects.open().aggregate(
        open=Count("pk"), due=Count("pk", filter=Q(expires_at__lte=now)), oldest=Min("expires_at")
    )
    lapsed = Grant.objects.lapsed(now - LATE).count()
    over = Account.objects.lasting().filter(hard__isnull=False, used__gte=F("hard"), user__isnull=False).count()
    pictures = Version.objects.filter(picture="due").count()
    failed = Version.objects.filter(picture="failed").count()
    doomed = Blob.objects.doomed().aggregate(count=Count("pk"), size=Sum("size"))
    unmailed = Notice.objects.unmailed().count()
    drift = Drift.objects.filter(found_at__gte=now - timedelta(days=1)).count()
    oldest = uploads["oldest"]
    late = max(round((now - oldest).total_seconds()), 0) if oldest else 0
    return [
        Figure("Stored", hall.used if hall else 0, "bytes"),
        Figure("Under way", hall.reserved if hall else 0, "bytes"),
        Figure("Uploads open", uploads["open"]),
        Figure("Uploads to expire", uploads["due"], "", "wait" if uploads["due"] else "ok"),
        Figure("Oldest upload overdue by", late, "s", "failed" if late > LATE.total_seconds() else "ok"),
        Figure("Reservations stuck", lapsed, "", "failed" if lapsed else "ok"),
        Figure("People at their limit", over, "", "wait" if over else "ok"),
        Figure("Small pictures due", pictures),
        Figure("Small pictures not drawn", failed),
        Figure("Mails of limits due", unmailed),
        Figure("Bytes to delete", doomed["size"] or 0, "bytes"),
        Figure("Drift in a day", drift, "", "failed" if drift else "ok"),
    ]
