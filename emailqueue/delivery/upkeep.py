"""What becomes of mails that lie: held ones go when nothing holds them; old ones lose what they said, then all."""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from emailqueue.models import (
    Attachment,
    Email,
    EmailEvent,
    EmailQuerySet,
    EmailRecipient,
    ProviderEvent,
    Suppression,
)

BATCH = 500
HELD_DAYS = 7
OVER = (Email.State.SENT, Email.State.FAILED, Email.State.CANCELLED, Email.State.EXPIRED)


def purge(*, limit: int | None = None) -> tuple[int, int]:
    """Delete old contents, then old stories; return how many mails lost which. Batches, each its own transaction."""
    now = timezone.now()
    _give_up_held(now - timedelta(days=HELD_DAYS))
    contents = _old_contents(now)
    stories = Email.objects.filter(state__in=OVER, finished_at__lt=now - timedelta(days=settings.EMAIL_KEEP_STORY_DAYS))
    emptied = _in_batches(contents, _empty, limit)
    deleted = _in_batches(stories, _delete, limit)
    ProviderEvent.objects.filter(at__lt=now - timedelta(days=settings.EMAIL_KEEP_CONTENT_DAYS)).delete()
    return emptied, deleted


def _old_contents(now: datetime) -> EmailQuerySet:
    """Return mails whose text goes: the old ones, and at once what proved who somebody is and has expired."""
    old = Q(finished_at__lt=now - timedelta(days=settings.EMAIL_KEEP_CONTENT_DAYS)) | Q(expires_at__lt=now)
    return Email.objects.filter(old, state__in=OVER, purged_at=None)


def due_for_purge() -> tuple[int, int]:
    """Count what a purge would empty and delete."""
    now = timezone.now()
    return (
        _old_contents(now).count(),
        Email.objects.filter(
            state__in=OVER, finished_at__lt=now - timedelta(days=settings.EMAIL_KEEP_STORY_DAYS)
        ).count(),
    )


def _in_batches(rows: EmailQuerySet, act: Callable[[EmailQuerySet, int], int], limit: int | None) -> int:
    total = 0
    while limit is None or total < limit:
        size = BATCH if limit is None else min(BATCH, limit - total)
        found = act(rows, size)
        total += found
        if found < size:
            break
    return total


@transaction.atomic(durable=True)
def _empty(rows: EmailQuerySet, size: int) -> int:
    ids = list(rows.select_for_update(skip_locked=True).order_by("pk").values_list("pk", flat=True)[:size])
    Attachment.objects.filter(email__in=ids).delete()
    Email.objects.filter(pk__in=ids).update(text="", html="", variables={}, purged_at=timezone.now())
    EmailEvent.objects.bulk_create([EmailEvent(email_id=each, kind=EmailEvent.Kind.PURGED) for each in ids])
    return len(ids)


@transaction.atomic(durable=True)
def _delete(rows: EmailQuerySet, size: int) -> int:
    ids = list(rows.select_for_update(skip_locked=True).order_by("pk").values_list("pk", flat=True)[:size])
    Email.objects.filter(pk__in=ids).delete()
    return len(ids)


@transaction.atomic(durable=True)
def _give_up_held(before: datetime) -> None:
    now = timezone.now()
    held = Email.objects.filter(state=Email.State.HELD, created_at__lt=before)
    ids = list(held.select_for_update(skip_locked=True).order_by("pk").values_list("pk", flat=True))
    Email.objects.filter(pk__in=ids).update(state=Email.State.EXPIRED, finished_at=now)
    EmailRecipient.objects.filter(email__in=ids, state=EmailRecipient.State.SUPPRESSED).update(
        state=EmailRecipient.State.EXPIRED, changed_at=now
    )
    EmailEvent.objects.bulk_create(
        [EmailEvent(email_id=each, kind=EmailEvent.Kind.EXPIRED, detail="held too long") for each in ids]
    )


@transaction.atomic(durable=True)
def release_unlisted() -> int:
    """Put held mails back in line whose recipients are not on the list any more; return how many.

    Their time on it ended; or somebody took them off while a worker, which had looked before, was about to hold one.
    """
    listed = Suppression.objects.standing(timezone.now()).filter(address=OuterRef("address"))
    held_back = EmailRecipient.objects.filter(email=OuterRef("pk"), state=EmailRecipient.State.SUPPRESSED)
    rows = Email.objects.filter(Exists(held_back.exclude(Exists(listed))), state=Email.State.HELD)
    return sum(map(free, rows.select_for_update(skip_locked=True, of=("self",), no_key=True).order_by("pk")[:BATCH]))


def free(email: Email) -> bool:
    """Put a held mail, whose row is locked, back in line; return False when all of its recipients are on the list."""
    now = timezone.now()
    listed = Suppression.objects.standing(now).values("address")
    people = email.recipients.filter(state=EmailRecipient.State.SUPPRESSED).exclude(address__in=listed)
    going = list(people.values_list("address", flat=True))
    if not going:
        return False
    people.update(state=EmailRecipient.State.QUEUED, changed_at=now)
    Email.objects.filter(pk=email.pk).update(
        state=Email.State.QUEUED, next_attempt_at=now, destination=going[0].rpartition("@")[2]
    )
    EmailEvent.objects.bulk_create(
        [EmailEvent(email=email, kind=EmailEvent.Kind.RELEASED, address=each) for each in going]
    )
    return True
