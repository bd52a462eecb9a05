"""Posting, editing, deleting: each locks the thread first, then reads what it is about anew."""

from collections.abc import Collection
from datetime import datetime
from math import ceil
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from comments import rendering
from comments.holds import Habits, wait_of
from comments.models import DEPTH_MAX, Comment, Limit, Revision, Thread
from comments.services.errors import NotYours, ParentGone, ThreadLocked, TooLate, TooSoon
from comments.services.looking import Look, look
from comments.services.people import refuse_muted, refuse_until
from comments.services.ruling import Ruling, Words, rule, weigh
from comments.services.spans import EDIT_FREELY, UNDO, UNDO_GRACE
from likes import services as likes
from quotas import services as quotas
from sessions_app.models import User

State = Comment.State

# The key is drawn first, because the path ends with it. Who says something follows the thread, unless they left it.
INSERT = """
WITH drawn AS (SELECT nextval(pg_get_serial_sequence('comments_comment', 'id')) AS id), follows AS (
    INSERT INTO comments_subscription (thread_id, user_id, told_at) VALUES (%(thread)s, %(author)s, %(at)s)
    ON CONFLICT (thread_id, user_id) DO NOTHING
)
INSERT INTO comments_comment (id, thread_id, parent_id, path, author_id, state, body, body_html, renderer_version,
    created_at, published_at, verdict, is_shadowed, reply_count, branch_count, ups, downs)
SELECT id, %(thread)s, %(parent)s, %(path)s::bigint[] || id, %(author)s, %(state)s, %(body)s, %(html)s, %(version)s,
    %(at)s, CASE WHEN %(state)s = 'visible' THEN %(at)s::timestamptz END, %(verdict)s, %(shadowed)s, 0, 0, 0, 0
FROM drawn RETURNING id
"""


def post_comment(
    *, thing: Any, body: str, by: User, parent_id: int | None = None, files: Collection[int] = ()
) -> Comment:
    """Say something about a thing that `by` may see, or answer a comment of its thread.

    A reply to what stands at the greatest depth becomes its sibling. What a moderator has to see first is
    held. `files` are keys of `by`'s. Raise ThreadLocked, ParentGone, TooSoon, Muted, WordRefused, CommentsError, and
    quotas' NotThere and NotAttachable for files.
    """
    said = weigh(body=body, by=by, about=thing.get_absolute_url(), parent=parent_id)
    return _add(thing=thing, said=said, by=by, parent_id=parent_id, files=files)


@transaction.atomic(durable=True)
def _add(*, thing: Any, said: Words, by: User, parent_id: int | None, files: Collection[int]) -> Comment:
    seen = look(thing=thing, parent_id=parent_id, asker_id=by.pk, said=said.body, now=timezone.now())
    # The clock after the lock: what comes later in a thread is later.
    now = timezone.now()
    thread = Thread(pk=seen.thread_id, locked_at=seen.locked_at, premoderated_at=seen.premoderated_at)
    _refuse_locked(thread)
    path = _path_under(seen.above) if parent_id is not None else []
    ruling = _looked_at(thing, thread, said, by, seen, now, depth=len(path) + 1)
    row = Comment(
        thread=thread,
        parent_id=path[-1] if path else None,
        author=by,
        state=ruling.state,
        verdict=ruling.verdict,
        is_shadowed=ruling.is_shadowed,
        body=said.body,
        body_html=said.html,
        renderer_version=rendering.VERSION,
        created_at=now,
    )
    with connection.cursor() as cursor:
        cursor.execute(
            INSERT,
            {
                **{"thread": thread.pk, "parent": row.parent_id, "path": path, "author": by.pk, "state": row.state},
                **{"body": row.body, "html": row.body_html, "version": row.renderer_version, "at": row.created_at},
                **{"verdict": row.verdict, "shadowed": row.is_shadowed},
            },
        )
        row.pk = cursor.fetchone()[0]
    row.path = [*path, row.pk]
    if files:
        quotas.attach_files(file_ids=files, target=row, by=by)
    return row


def _looked_at(thing: Any, thread: Thread, said: Words, by: User, seen: Look, now: datetime, *, depth: int) -> Ruling:
    """Return whether a moderator looks at it first, and why; raise ParentGone, TooSoon, Muted, WordRefused."""
    if seen.is_gone:
        raise ParentGone("This discussion is not there any more.")
    refuse_until(until=seen.muted_until, why=seen.why_muted)
    habits = Habits(
        here_for=now - by.joined_at,
        soon=seen.soon,
        lately=seen.lately,
        repeated=seen.is_repeated,
        heat=seen.heat,
        depth=depth,
        since=now - seen.last_at if seen.last_at else None,
    )
    wait = wait_of(habits)
    if wait is not None and not by.has_perm("comments.moderate"):
        raise TooSoon(ceil(wait.total_seconds()))
    first = _looked_at_first(thing, thread, by)
    return rule(said=said, habits=habits, is_limited=seen.is_limited, looked_at_first=first)


def _looked_at_first(thing: Any, thread: Thread, by: User) -> bool:
    first = thread.premoderated_at or getattr(thing, "comments_premoderated", False)
    return bool(first) and not by.has_perm("comments.moderate")


def _refuse_locked(thread: Thread) -> None:
    if thread.locked_at:
        raise ThreadLocked("This thread is locked: it can be read, and nothing can be added.")


def _path_under(above: list[int] | None) -> list[int]:
    """Return the path below which a reply stands; its last place is the parent at the limit of depth."""
    if above is None:
        raise ParentGone("What you answer is not there any more. Your words are kept: post them as a new comment.")
    return above[: DEPTH_MAX - 1]


def edit_comment(*, comment_id: int, body: str, by: User) -> Comment:
    """Let its author say it in other words; after `EDIT_FREELY` what it said before stays readable.

    It is looked at as if it were new. Raise NotYours, ThreadLocked, ParentGone, Muted, WordRefused, CommentsError.
    """
    return _rewrite(comment_id=comment_id, said=weigh(body=body, by=by, edits=comment_id), by=by)


@transaction.atomic(durable=True)
def _rewrite(*, comment_id: int, said: Words, by: User) -> Comment:
    row = _locked(comment_id, by)
    if not row.stands_for(by.pk):
        raise ParentGone("This comment is not there any more.")
    refuse_muted(by=by)
    if row.body == said.body:
        return row
    now = timezone.now()
    # What nobody else could read is no history.
    if row.is_visible and now - row.created_at > EDIT_FREELY:
        Revision.objects.create(comment=row, body=row.body, body_html=row.body_html, replaced_at=now)
        row.edited_at = now
    row.body, row.body_html, row.renderer_version = said.body, said.html, rendering.VERSION
    # What was let pass may now say something else.
    habits = Habits(here_for=now - by.joined_at)
    limited = Limit.objects.standing(now).filter(user=by).exists()
    # What nobody let pass yet stays so, whatever it says now.
    first = _looked_at_first(row.thread.thing, row.thread, by)
    ruling = rule(said=said, habits=habits, is_limited=limited or row.is_shadowed, looked_at_first=first)
    row.state, row.verdict, row.is_shadowed = ruling
    row.save(update_fields=["body", "body_html", "renderer_version", "edited_at", "state", "verdict", "is_shadowed"])
    return row


def _locked(comment_id: int, by: User) -> Comment:
    """Return the row under the lock of its thread; only its author gets it, and not in a locked thread."""
    # The thread before the comment, as in posting: a reply that comes meanwhile waits.
    thread = Thread.objects.filter(pk__in=Comment.objects.filter(pk=comment_id).values("thread"))
    found = thread.select_for_update(no_key=True).first()
    row = Comment.objects.select_for_update(no_key=True).filter(pk=comment_id).first()
    if found is None or row is None or row.author_id != by.pk:
        raise NotYours("Only who wrote it can change it.")
    row.thread = found
    _refuse_locked(found)
    return row


@transaction.atomic(durable=True)
def delete_comment(*, comment_id: int, by: User) -> Comment:
    """Take back what one wrote: replies stand, under a tombstone. Deleting twice is deleting once.

    Raise NotYours, ThreadLocked.
    """
    row = _locked(comment_id, by)
    if row.stands_for(by.pk):
        row.state, row.deleted_at = State.DELETED, timezone.now()
        row.save(update_fields=["state", "deleted_at"])
    return row


@transaction.atomic(durable=True)
def undo_deletion(*, comment_id: int, by: User) -> Comment:
    """Bring back what one deleted a moment ago. Raise NotYours, ThreadLocked, TooLate."""
    row = _locked(comment_id, by)
    if row.state == State.DELETED:
        if row.deleted_at is None or timezone.now() - row.deleted_at > UNDO + UNDO_GRACE:
            raise TooLate("That was more than ten seconds ago: it stays deleted.")
        row.state, row.deleted_at = State.HELD if row.is_shadowed else State.VISIBLE, None
        row.save(update_fields=["state", "deleted_at"])
    return row


def vote(*, comment: Comment, vote: str, by: User) -> None:
    """Vote "up", "down" or "none" on a comment that `by` may see. Raise likes' OwnThing, KindNotAllowed."""
    if vote != "none":
        likes.set_reaction(thing=comment, kind=vote, by=by)
        return
    for kind in ("up", "down"):
        likes.clear_reaction(thing=comment, kind=kind, by=by)
