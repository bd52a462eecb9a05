"""Opening a discussion, changing it, taking it back: each locks the thread first, as posting in it does."""

from collections.abc import Collection, Iterable
from datetime import datetime
from math import ceil

from django.db import connection, transaction
from django.db.models import Count, Q
from django.utils import timezone

from comments import rendering
from comments.holds import REPEATED_WITHIN, SOON, WHILE, Habits, wait_of
from comments.models import Comment, Discussion, Limit, Revision, Thread
from comments.services.errors import NotPossible, NotYours, ParentGone, ThreadLocked, TooLate, TooSoon
from comments.services.people import refuse_muted
from comments.services.ruling import Ruling, Words, rule, weigh
from comments.services.spans import EDIT_FREELY, UNDO, UNDO_GRACE
from comments.services.subscriptions import start_following, thread_of
from quotas import services as quotas
from sessions_app.models import User
from tagging import services as tagging

State = Discussion.State

# What an edit leaves as it is can change while the new words are rendered; so often it is read again.
TRIES = 3


def open_discussion(
    *, title: str, body: str, tags: Iterable[str] = (), files: Collection[int] = (), by: User
) -> Discussion:
    """Put a discussion on the noticeboard; `body` is Markdown and is rendered here, once. `files` are keys of `by`'s.

    What a moderator has to see first is held. Raise TooSoon, Muted, WordRefused, CommentsError, tagging's NamesRefused
    for tags that it cannot carry, and quotas' NotThere and NotAttachable for files.
    """
    tags = list(tags)
    return _hang_up(said=weigh(title=title, body=body, by=by, tags=tags), tags=tags, files=files, by=by)


@transaction.atomic(durable=True)
def _hang_up(*, said: Words, tags: Iterable[str], files: Collection[int], by: User) -> Discussion:
    with connection.cursor() as cursor:
        # One after the other for one person, or many at once would each find that there was none before.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('comments.opening', %s))", [by.pk])
    refuse_muted(by=by)
    now = timezone.now()
    ruling = rule(said=said, habits=_habits(said, by, now), is_limited=_is_limited(by, now))
    discussion = Discussion.objects.create(
        title=said.title,
        body=said.body,
        body_html=said.html,
        renderer_version=rendering.VERSION,
        author=by,
        created_at=now,
        published_at=now if ruling.state == State.VISIBLE else None,
        **ruling._asdict(),
    )
    tagging.set_tags(thing=discussion, names=tags, by=by)
    if files:
        quotas.attach_files(file_ids=files, target=discussion, by=by)
    start_following(thread=thread_of(thing=discussion), by=by)
    return discussion


def _habits(said: Words, by: User, now: datetime) -> Habits:
    """Return what somebody opened lately; raise TooSoon for somebody new who opens too many."""
    lately = Discussion.objects.filter(author=by, created_at__gt=now - REPEATED_WITHIN).aggregate(
        soon=Count("pk", filter=Q(created_at__gt=now - SOON)),
        lately=Count("pk", filter=Q(created_at__gt=now - WHILE)),
        repeated=Count("pk", filter=Q(body=said.body) & ~Q(state=State.DELETED)),
    )
    habits = Habits(
        here_for=now - by.joined_at, soon=lately["soon"], lately=lately["lately"], repeated=bool(lately["repeated"])
    )
    wait = wait_of(habits)
    if wait is not None and not by.has_perm("comments.moderate"):
        raise TooSoon(ceil(wait.total_seconds()))
    return habits


def _is_limited(by: User, now: datetime) -> bool:
    return Limit.objects.standing(now).filter(user=by).exists()


def edit_discussion(*, discussion_id: int, title: str | None = None, body: str | None = None, by: User) -> Discussion:
    """Let its author say it in other words; after `EDIT_FREELY` what it said before stays readable.

    What is None stays as it is. It is looked at as if it were new. Raise NotYours, ThreadLocked, ParentGone,
    NotPossible, Muted, WordRefused, CommentsError.
    """
    for _ in range(TRIES):
        before = Discussion.objects.filter(pk=discussion_id).first()
        if before is None:
            raise ParentGone("There is no such discussion.")
        said = weigh(
            title=before.title if title is None else title,
            body=before.body if body is None else body,
            by=by,
            edits_discussion=discussion_id,
        )
        kept = {"title": before.title} if title is None else {}
        kept |= {"body": before.body} if body is None else {}
        row = _rewrite(discussion_id=discussion_id, said=said, kept=kept, by=by)
        if row is not None:
            return row
    raise NotPossible("It is being changed somewhere else just now. Try again.")


@transaction.atomic(durable=True)
def _rewrite(*, discussion_id: int, said: Words, kept: dict[str, str], by: User) -> Discussion | None:
    """Write other words; return None when what should stay as it was read says something else by now."""
    row, thread = _locked(discussion_id, by)
    if not row.stands_for(by.pk):
        raise ParentGone("This discussion is not there any more.")
    refuse_muted(by=by)
    if any(getattr(row, name) != value for name, value in kept.items()):
        return None
    if (row.title, row.body) == (said.title, said.body):
        return row
    now = timezone.now()
    ruling = _ruled_anew(row, thread, said, by, now)
    # What nobody else could read is no history.
    if row.is_visible and now - row.created_at > EDIT_FREELY:
        before = {"title": row.title, "body": row.body, "body_html": row.body_html}
        Revision.objects.create(discussion=row, **before, replaced_at=now)
        row.edited_at = now
    row.title, row.body, row.body_html, row.renderer_version = said.title, said.body, said.html, rendering.VERSION
    row.state, row.verdict, row.is_shadowed = ruling
    changed = ["title", "body", "body_html", "renderer_version", "edited_at", "state", "verdict", "is_shadowed"]
    row.save(update_fields=changed)
    return row


def _ruled_anew(row: Discussion, thread: Thread, said: Words, by: User, now: datetime) -> Ruling:
    """Return what becomes of other words: what was let pass may say something else, what was not waits on."""
    limited = _is_limited(by, now) or row.is_shadowed
    ruling = rule(said=said, habits=Habits(here_for=now - by.joined_at), is_limited=limited)
    if row.state == State.HELD and ruling.state == State.VISIBLE:
        return Ruling(State.HELD, row.verdict)
    if row.is_visible and ruling.state == State.HELD and thread.comment_count:
        # All that others said would wait with it. To a limited author it says no more than to others.
        raise NotPossible(
            "With these words a moderator would have to look first, and all answers would wait with them."
        )
    return ruling


def _locked(discussion_id: int, by: User) -> tuple[Discussion, Thread]:
    """Return the row and its thread, both locked; only its author gets them, and not in a locked thread."""
    row, thread = lock(discussion_id=discussion_id)
    if row.author_id != by.pk:
        raise NotYours("Only who opened it can change it.")
    if thread.locked_at:
        raise ThreadLocked("This thread is locked: it can be read, and nothing can be changed.")
    return row, thread


def lock(*, discussion_id: int) -> tuple[Discussion, Thread]:
    """Return a discussion and its thread under their locks, in the caller's transaction. Raise ParentGone.

    The thread comes first, as in posting: nobody says something in it until the caller has ended.
    """
    if not Discussion.objects.filter(pk=discussion_id).exists():
        raise ParentGone("There is no such discussion.")
    thread = Thread.objects.select_for_update(no_key=True).get(pk=thread_of(thing=Discussion(pk=discussion_id)).pk)
    row = Discussion.objects.select_for_update(no_key=True).filter(pk=discussion_id).first()
    if row is None:
        raise ParentGone("There is no such discussion.")
    return row, thread


@transaction.atomic(durable=True)
def delete_discussion(*, discussion_id: int, by: User) -> Discussion:
    """Take back what one opened, while nothing is said in it. Deleting twice is deleting once.

    Raise NotYours, ThreadLocked, NotPossible.
    """
    row, thread = _locked(discussion_id, by)
    if row.state == State.DELETED:
        return row
    if not row.stands_for(by.pk):
        raise NotPossible("A moderator took it away meanwhile.")
    own = Comment.objects.filter(Comment.objects.shadowed_of(by), thread=thread)
    if thread.comment_count or own.exists():
        raise NotPossible("Something was said in it, which would go with it. Change its words instead.")
    row.state, row.deleted_at = State.DELETED, timezone.now()
    row.save(update_fields=["state", "deleted_at"])
    return row


@transaction.atomic(durable=True)
def undo_discussion_deletion(*, discussion_id: int, by: User) -> Discussion:
    """Bring back what one deleted a moment ago. Raise NotYours, ThreadLocked, NotPossible, TooLate."""
    row, _ = _locked(discussion_id, by)
    if row.state != State.DELETED and not row.stands_for(by.pk):
        raise NotPossible("A moderator took it away meanwhile.")
    if row.state == State.DELETED:
        if row.deleted_at is None or timezone.now() - row.deleted_at > UNDO + UNDO_GRACE:
            raise TooLate("That was more than ten seconds ago: it stays deleted.")
        # What waited for a moderator has a verdict, and waits again.
        row.state, row.deleted_at = State.HELD if row.verdict else State.VISIBLE, None
        row.save(update_fields=["state", "deleted_at"])
    return row
