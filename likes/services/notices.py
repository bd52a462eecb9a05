"""Telling owners, batched: claim the day's mail, send it, record what was told; no transaction is open meanwhile."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from smtplib import SMTPException
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from lib import targets
from likes import kinds, mails
from likes.models import Notice, Reaction
from sessions_app.models import User

log = structlog.get_logger(__name__)

EVERY = timedelta(days=1)
RETRY = timedelta(minutes=15)
# Whoever likes and takes it back at once was never there.
SETTLES = timedelta(minutes=5)
BATCH = 2000
NAMES = 1


@dataclass
class NoticeQueue:
    """What one owner is to be told: the things and who reacted, newest first."""

    owner_id: int
    reactions: list[Reaction] = field(default_factory=list)


def mute_notices(*, user_id: int) -> None:
    """Send that person no mail about reactions any more."""
    Notice.objects.update_or_create(user_id=user_id, defaults={"muted_at": timezone.now()})


def unmute_notices(*, user_id: int) -> None:
    """Let that person have mails about reactions again, at most one a day."""
    Notice.objects.update_or_create(user_id=user_id, defaults={"muted_at": None})


def send_notices(*, limit: int | None = None) -> int:
    """Send a mail to every owner who is due; return how many were sent."""
    sent = 0
    for queue in due_notices(now=timezone.now()):
        if sent == limit:
            break
        sent += _send(queue)
    return sent


def _send(queue: NoticeQueue) -> bool:
    now = timezone.now()
    owner = User.objects.filter(pk=queue.owner_id, is_active=True).first()
    if owner is None:
        record_notice(queue=queue, now=now)
        return False
    if not claim_notice(queue=queue, now=now):
        return False
    try:
        mails.liked(user=owner, lines=_lines(queue))
    except (SMTPException, OSError) as error:
        log.warning("like_notice_not_sent", owner=owner.pk, error=type(error).__name__)
        give_back(queue=queue, now=now)
        return False
    record_notice(queue=queue, now=now)
    return True


def _lines(queue: NoticeQueue) -> list[mails.Line]:
    """Return a line for each thing; who said two things to one is one of those who did."""
    things: dict[tuple[int, int], list[Reaction]] = {}
    for row in queue.reactions:
        things.setdefault((row.content_type_id, row.object_id), []).append(row)
    lines = []
    for rows in things.values():
        thing: Any = rows[0].thing
        people = {row.user_id: str(row.user) for row in rows}
        told = kinds.told(list(people.values())[:NAMES], len(people))
        lines.append(mails.Line(told, str(thing), settings.BASE_URL + thing.get_absolute_url()))
    return lines


def due_notices(*, now: datetime) -> list[NoticeQueue]:
    """Return who can be told something now; what nobody can or wants to be told is put aside."""
    rows = list(
        Reaction.objects.unnoticed().filter(created_at__lte=now - SETTLES).select_related("user").order_by("pk")[:BATCH]
    )
    things = targets.load({(row.content_type_id, row.object_id) for row in rows}, relation=Reaction)
    queues: dict[int, NoticeQueue] = defaultdict(lambda: NoticeQueue(0))
    aside = []
    for row in rows:
        thing: Any = things.get((row.content_type_id, row.object_id))
        if thing is None or thing.owner_id is None or thing.owner_id == row.user_id:
            aside.append(row.pk)
            continue
        row.thing = thing
        queues[thing.owner_id].owner_id = thing.owner_id
        queues[thing.owner_id].reactions.insert(0, row)
    muted = set(Notice.objects.filter(user__in=queues, muted_at__isnull=False).values_list("user_id", flat=True))
    aside += [row.pk for owner in muted for row in queues.pop(owner).reactions]
    Reaction.objects.filter(pk__in=aside).update(noticed_at=now)
    waiting = Q(next_mail_at__gt=now)
    later = set(Notice.objects.filter(waiting, user__in=queues).values_list("user_id", flat=True))
    return [queue for owner, queue in queues.items() if owner not in later]


@transaction.atomic(durable=True)
def claim_notice(*, queue: NoticeQueue, now: datetime) -> bool:
    """Take the day's mail of an owner; return False when another worker has it, or they do not want it any more.

    Claimed before it is sent and recorded after: a worker that dies in between costs the owner a day, or tells them
    the same again the next day, and never sends two mails in one.
    """
    Notice.objects.bulk_create([Notice(user_id=queue.owner_id, next_mail_at=now)], ignore_conflicts=True)
    due = Notice.objects.filter(user_id=queue.owner_id, muted_at=None, next_mail_at__lte=now)
    return bool(due.update(next_mail_at=now + EVERY))


def record_notice(*, queue: NoticeQueue, now: datetime) -> None:
    """Remember that the owner was told of these."""
    Reaction.objects.filter(pk__in=[row.pk for row in queue.reactions]).update(noticed_at=now)


def give_back(*, queue: NoticeQueue, now: datetime) -> None:
    """Let a mail that could not be sent be tried again soon."""
    Notice.objects.filter(user_id=queue.owner_id, next_mail_at=now + EVERY).update(next_mail_at=now + RETRY)
