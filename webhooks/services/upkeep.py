"""What sweeps do: weeks of partitions, mails to owners, secrets under a new key."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from webhooks import limits, mails, partitions, sealing
from webhooks.models import Delivery, Endpoint, Notice, Secret

NOTICE_LEASE = timedelta(minutes=5)
RESEAL_BATCH = 200


class Purged(NamedTuple):
    week: str
    unsent: int


@transaction.atomic(savepoint=False)
def ensure_partitions() -> int:
    """Make the weeks ahead that are missing; return how many tables were made."""
    return partitions.ensure(connection, timezone.now())


def purge(*, before: datetime | None = None, limit: int | None = None, dry_run: bool = False) -> Iterator[Purged]:
    """Drop the weeks that ended before that moment (30 days ago), oldest first, and say of each what was never sent.

    Each week goes by itself: safe to stop, to repeat and to run twice at once.
    """
    old = partitions.old(connection, before or timezone.now() - limits.RETENTION)
    for week in old[:limit]:
        unsent = Delivery.objects.pending().since(week.start).until(week.end).count()
        if not dry_run:
            partitions.drop(connection, week)
        yield Purged(f"{week.start:%Y-%m-%d}", unsent)


def send_notices() -> int:
    """Send the mails that owners are to get; return how many went.

    Each is claimed first, so that two sweeps do not send it twice; one whose sweep died is sent by a later one.
    """
    sent = 0
    while (notice := _claim_notice()) is not None:
        endpoint = Endpoint.objects.select_related("owner").get(pk=notice.endpoint_id)
        if endpoint.removed_at is None and endpoint.owner.is_active:
            mails.tell(endpoint=endpoint, kind=notice.kind)
            sent += 1
        Notice.objects.filter(pk=notice.pk).update(sent_at=timezone.now(), lease_expires_at=None)
    return sent


@transaction.atomic(durable=True)
def _claim_notice() -> Notice | None:
    now = timezone.now()
    free = Q(lease_expires_at=None) | Q(lease_expires_at__lte=now)
    due = Notice.objects.filter(free, sent_at=None).order_by("created_at", "pk").select_for_update(skip_locked=True)
    notice = due.first()
    if notice is not None:
        notice.lease_expires_at = now + NOTICE_LEASE
        notice.save(update_fields=["lease_expires_at"])
    return notice


def reseal_secrets(*, limit: int | None = None) -> int:
    """Encrypt every secret and custom header again under the first key; return how many. Raise sealing.Unreadable.

    Safe to stop and to repeat; when it has run, the older keys can go from the settings.
    """
    done, last = 0, 0
    while limit is None or done < limit:
        with transaction.atomic(durable=True):
            rows = list(Secret.objects.filter(pk__gt=last).order_by("pk")[:RESEAL_BATCH])
            for row in rows:
                row.sealed = sealing.reseal(row.sealed)
            Secret.objects.bulk_update(rows, ["sealed"])
        if not rows:
            break
        done, last = done + len(rows), rows[-1].pk
    return done + _reseal_headers()


def _reseal_headers() -> int:
    done = 0
    for pk in list(Endpoint.objects.exclude(sealed_headers="").values_list("pk", flat=True)):
        with transaction.atomic(durable=True):
            # Locked: its owner may be changing them.
            row = Endpoint.objects.select_for_update(no_key=True).get(pk=pk)
            row.sealed_headers = sealing.reseal(row.sealed_headers) if row.sealed_headers else ""
            row.save(update_fields=["sealed_headers"])
            done += 1
    return done
