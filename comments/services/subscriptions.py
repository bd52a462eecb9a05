"""Following threads, and the mail that tells in one what is new in them and under tags, at most once a day."""

from datetime import datetime, timedelta
from typing import Any, NamedTuple

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from comments.models import DigestTurn, Subscription, Thread
from emailqueue import services as emailqueue
from lib import targets
from sessions_app.models import User
from tagging import services as tagging

log = structlog.get_logger(__name__)

TOPIC = "talk"
EVERY = timedelta(days=1)
# What is taken back or hidden at once is never told; it is also longer than any transaction that publishes may take.
SETTLES = timedelta(minutes=5)
BATCH = 500
LINES_MAX = 20
# How many of the newest things under tags are looked at; the mail shows the first lines of them and counts the rest.
FINDS_MAX = 200

# What was published since, and not by oneself. Held and pending comments have not been published.
NEWS = """
FROM comments_subscription AS s
JOIN comments_comment AS c ON c.thread_id = s.thread_id AND c.state = 'visible'
    AND c.published_at > s.told_at AND c.published_at <= %(settled)s AND c.author_id IS DISTINCT FROM s.user_id
WHERE s.left_at IS NULL
"""
MAY_HAVE_ONE = """
AND NOT EXISTS (
    SELECT 1 FROM comments_digestturn AS t WHERE t.user_id = s.user_id AND t.next_mail_at > %(now)s)
ORDER BY s.user_id LIMIT %(limit)s
"""
DUE = "SELECT DISTINCT s.user_id" + NEWS + MAY_HAVE_ONE
OF_PERSON = "SELECT s.thread_id, count(*)" + NEWS + "AND s.user_id = %(user)s GROUP BY s.thread_id ORDER BY 2 DESC, 1"


class Line(NamedTuple):
    """One thread: how many comments are new in it."""

    title: str
    news: int
    link: str


class Find(NamedTuple):
    """One new thing, and by which tags it was found."""

    title: str
    tags: str
    link: str


def thread_of(*, thing: Any) -> Thread:
    """Return the thread of a thing, and make it when there is none; in the caller's transaction."""
    kind, pk = targets.place_of(thing)
    Thread.objects.bulk_create([Thread(content_type_id=kind, object_id=pk)], ignore_conflicts=True)
    return Thread.objects.on(thing).get()


@transaction.atomic(durable=True)
def follow_thread(*, thing: Any, by: User) -> bool:
    """Tell `by` from now on what is new about a thing that they may see; return False when it was so."""
    return start_following(thread=thread_of(thing=thing), by=by)


def start_following(*, thread: Thread, by: User) -> bool:
    """Follow inside of the caller's transaction, from this moment on."""
    now = timezone.now()
    back = Subscription.objects.filter(thread=thread, user=by, left_at__isnull=False).update(left_at=None, told_at=now)
    if back or Subscription.objects.filter(thread=thread, user=by).exists():
        return bool(back)
    row = Subscription(thread=thread, user=by, told_at=now)
    Subscription.objects.bulk_create([row], ignore_conflicts=True)
    return True


def unfollow_thread(*, thing: Any, by: User) -> bool:
    """Tell `by` nothing more about a thing, whatever they post there; return False when they did not follow it."""
    rows = Subscription.objects.standing().filter(thread__in=Thread.objects.on(thing), user=by)
    return bool(rows.update(left_at=timezone.now()))


def send_digests(*, limit: int | None = None) -> int:
    """Queue a mail for everybody who is due; return how many. Safe to run twice at once."""
    sent = 0
    for user_id in due_digests(limit=limit or BATCH):
        sent += _send_digest(user_id)
    return sent


def due_digests(*, limit: int = BATCH) -> list[int]:
    """Return whom something is new for and who may have a mail now."""
    now = timezone.now()
    settled = now - SETTLES
    with connection.cursor() as cursor:
        cursor.execute(DUE, {"now": now, "settled": settled, "limit": limit})
        due = {user_id for (user_id,) in cursor.fetchall()}
    under_tags = tagging.followers_with_news(until=settled)
    had_one = DigestTurn.objects.filter(user_id__in=under_tags, next_mail_at__gt=now).values_list("user_id", flat=True)
    return sorted(due | (under_tags - set(had_one)))[:limit]


@transaction.atomic(durable=True)
def _send_digest(user_id: int) -> bool:
    """Queue one person's mail and remember what it told, together or not at all."""
    now = timezone.now()
    user = User.objects.filter(pk=user_id).first()
    if user is None or not _take_turn(user, now):
        return False
    settled = now - SETTLES
    with connection.cursor() as cursor:
        cursor.execute(OF_PERSON, {"settled": settled, "user": user_id})
        counts = dict(cursor.fetchall())
    Subscription.objects.filter(user=user, thread__in=counts).update(told_at=settled)
    lines, finds = _lines(user, counts), _finds(user, settled)
    if not (user.is_active and (lines or finds) and _queue(user, lines, finds)):
        DigestTurn.objects.filter(user=user).update(next_mail_at=now)
        return False
    return True


def _take_turn(user: User, now: datetime) -> bool:
    """Take the day's turn; False when another worker took it, who holds the row until the end of the transaction."""
    DigestTurn.objects.bulk_create([DigestTurn(user=user, next_mail_at=now)], ignore_conflicts=True)
    return bool(DigestTurn.objects.filter(user=user, next_mail_at__lte=now).update(next_mail_at=now + EVERY))


def _lines(user: User, counts: dict[int, int]) -> list[Line]:
    """Return a line for each thread whose thing this person may still see, the most talked about first."""
    threads = Thread.objects.in_bulk(list(counts))
    places = {pk: (row.content_type_id, row.object_id) for pk, row in threads.items()}
    things = targets.load(places.values(), relation=Thread, user=user)
    seen = [(things[places[pk]], count) for pk, count in counts.items() if places.get(pk) in things]
    return [Line(str(thing), count, f"{_link(thing)}?sort=new") for thing, count in seen[:LINES_MAX]]


def _finds(user: User, settled: datetime) -> list[Find]:
    """Return a line for each thing that is new under a tag that this person follows, the newest first."""
    return [
        Find(str(news.thing), ", ".join(tag.display_name for tag in news.tags), _link(news.thing))
        for news in tagging.take_news(user=user, until=settled, limit=FINDS_MAX)
    ]


def _link(thing: Any) -> str:
    return f"{settings.BASE_URL}{thing.get_absolute_url()}"


def _queue(user: User, lines: list[Line], finds: list[Find]) -> bool:
    subject = f"{_said(lines, finds)} · {settings.HALL_NAME}"
    context = {
        "user": user,
        "lines": lines,
        "finds": finds[:LINES_MAX],
        "more": len(finds[LINES_MAX:]),
        "followed": settings.BASE_URL + reverse("comments:followed"),
        "under_tags": settings.BASE_URL + reverse("tagging:followed"),
        "hall": settings.HALL_NAME,
        "subject": subject,
    }
    text, html = (render_to_string(f"comments/email/digest.{kind}", context) for kind in ("txt", "html"))
    try:
        emailqueue.enqueue(to=[user.email], subject=subject, text=text, html=html, bulk=True, topic=TOPIC)
    except emailqueue.MailRefused as error:
        log.warning("digest_not_queued", user=user.pk, part=error.part)
        return False
    return True


def _said(lines: list[Line], finds: list[Find]) -> str:
    """Say in one phrase what the mail tells."""
    said = []
    if lines:
        count = sum(line.news for line in lines)
        what = f"“{lines[0].title}”" if len(lines) == 1 else f"{len(lines)} discussions"
        said.append(f"{count:,} new comment{'' if count == 1 else 's'} in {what}")
    if finds:
        what = f"“{finds[0].title}”" if len(finds) == 1 else f"{len(finds):,} things"
        said.append(f"{what} under {finds[0].tags if len(finds) == 1 else 'your tags'}")
    return ", and ".join(said)
