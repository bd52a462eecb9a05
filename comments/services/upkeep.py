"""Making anew what can be made anew, counts from rows, HTML from Markdown; and letting go of what was deleted."""

from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from comments import rendering
from comments.models import Comment, Discussion, Report, Revision, Thread
from comments.services.spans import KEEP_DELETED
from lib import targets
from quotas.models import Attachment
from tagging import services as tagging

BATCH = 200

COUNTED = """
SELECT c.id, c.reply_count, c.branch_count,
    count(r.id) FILTER (WHERE r.parent_id = c.id), count(r.id)
FROM comments_comment AS c
LEFT JOIN comments_comment AS r ON r.thread_id = c.thread_id AND r.state = 'visible' AND c.id = ANY(r.parent_path)
WHERE c.thread_id = %s GROUP BY c.id
"""


class Difference(NamedTuple):
    """What a count says and how many visible comments there are; `comment_id` is None for a whole thread."""

    thread_id: int
    comment_id: int | None
    shown: tuple[int, ...]
    real: tuple[int, ...]


def recount_comments(*, repair: bool) -> list[Difference]:
    """Return every count that is not the number of its rows; with `repair` each thread is set right under its lock."""
    found = []
    for thread_id in Thread.objects.order_by("pk").values_list("pk", flat=True).iterator():
        found += _recount(thread_id, repair=repair)
    return found


@transaction.atomic(durable=True)
def _recount(thread_id: int, *, repair: bool) -> list[Difference]:
    # Under its lock nobody shows or hides a comment between the counting and the writing.
    thread = Thread.objects.select_for_update(no_key=True).filter(pk=thread_id).first()
    if thread is None:
        return []
    found = []
    real = Comment.objects.visible().filter(thread=thread).count()
    if thread.comment_count != real:
        found.append(Difference(thread_id, None, (thread.comment_count,), (real,)))
    with connection.cursor() as cursor:
        cursor.execute(COUNTED, [thread_id])
        for pk, replies, branch, real_replies, real_branch in cursor.fetchall():
            if (replies, branch) != (real_replies, real_branch):
                found.append(Difference(thread_id, pk, (replies, branch), (real_replies, real_branch)))
    if repair:
        for each in found:
            _set_right(each)
    return found


def _set_right(each: Difference) -> None:
    if each.comment_id is None:
        Thread.objects.filter(pk=each.thread_id).update(comment_count=each.real[0])
        return
    Comment.objects.filter(pk=each.comment_id).update(reply_count=each.real[0], branch_count=each.real[1])


def rerender_comments(*, limit: int | None = None) -> tuple[int, int]:
    """Render anew what an older renderer made; return how many were, and how many it refuses and left as they are."""
    done = refused = 0
    models: tuple[Any, ...] = (Comment, Discussion)
    for model in models:
        last = 0
        while limit is None or done + refused < limit:
            size = BATCH if limit is None else min(BATCH, limit - done - refused)
            older = model._default_manager.filter(~Q(renderer_version=rendering.VERSION), ~Q(body=""), pk__gt=last)
            rows = list(older.order_by("pk")[:size])
            if not rows:
                break
            last = rows[-1].pk
            for row in rows:
                if _rerender(row):
                    done += 1
                else:
                    refused += 1
    return done, refused


def _rerender(row: Comment | Discussion) -> bool:
    try:
        html = rendering.render(row.body)
    except rendering.TooMuch:
        return False
    # Only while it still says what was rendered: an edit that came meanwhile was rendered by itself.
    same = type(row)._default_manager.filter(pk=row.pk, body=row.body)
    return bool(same.update(body_html=html, renderer_version=rendering.VERSION))


def forget_deleted(*, limit: int = 1000) -> int:
    """Blank the words of what was deleted more than a day ago, with all that hangs on it; return how many."""
    return _forget(Comment, "comment", limit) + _forget(Discussion, "discussion", limit)


def _forget(model: Any, name: str, limit: int) -> int:
    due = model.objects.filter(state=model.State.DELETED, deleted_at__lt=timezone.now() - KEEP_DELETED)
    due = due.exclude(body="")
    keys = list(due.order_by("pk").values_list("pk", flat=True)[:limit])
    blank = {"body": "", "body_html": ""} | ({"title": ""} if model is Discussion else {})
    with transaction.atomic(durable=True):
        Revision.objects.filter(**{f"{name}__in": keys}).delete()
        Attachment.objects.filter(content_type_id=targets.kind_of(model), object_id__in=keys).delete()
        Report.objects.open().filter(**{f"{name}__in": keys}).update(settled_at=timezone.now())
        for row in Discussion.objects.filter(pk__in=keys if model is Discussion else []):
            tagging.set_tags(thing=row, names=[], by=None)
        return int(due.filter(pk__in=keys).update(**blank))
