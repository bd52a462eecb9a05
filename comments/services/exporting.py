"""Discussions as records that another hall can take in."""

from collections.abc import Iterator
from typing import Any

from comments.exchange import Author, CommentRecord, DiscussionRecord, Record
from comments.models import Comment, Discussion
from sessions_app import services as sessions
from sessions_app.models import User

BATCH = 500


def export_discussions(*, discussion_id: int | None = None) -> Iterator[Record]:
    """Yield each discussion, or that one, and its comments, parents before their replies; a batch is in memory.

    Votes, reports and what was said before an edit stay here.
    """
    last = 0
    while True:
        rows = Discussion.objects.undeleted().with_authors().with_threads().filter(pk__gt=last)
        if discussion_id is not None:
            rows = rows.filter(pk=discussion_id)
        found = list(rows.order_by("pk")[:BATCH])
        if not found:
            return
        last = found[-1].pk
        for row in found:
            yield _discussion(row)
            yield from _comments(row)


def _discussion(row: Any) -> DiscussionRecord:
    return DiscussionRecord(
        key=f"discussion:{row.pk}",
        title=row.title,
        body=row.body,
        author=_author(row.author),
        created_at=row.created_at,
        state=row.state,
        edited_at=row.edited_at,
        verdict=row.verdict,
        locked_at=row.thread_locked_at,
        pinned_at=row.pinned_at,
    )


def _comments(discussion: Any) -> Iterator[CommentRecord]:
    last = 0
    while True:
        # The keys of replies are younger than that of what they answer.
        rows = Comment.objects.filter(thread=discussion.thread_pk, pk__gt=last).select_related("author")
        found = list(rows.order_by("pk")[:BATCH])
        if not found:
            return
        last = found[-1].pk
        yield from (_comment(row, discussion.pk) for row in found)


def _comment(row: Comment, discussion_id: int) -> CommentRecord:
    return CommentRecord(
        key=f"comment:{row.pk}",
        discussion=f"discussion:{discussion_id}",
        parent=f"comment:{row.parent_id}" if row.parent_id else None,
        body=row.body,
        author=_author(row.author),
        state=row.state,
        created_at=row.created_at,
        published_at=row.published_at,
        edited_at=row.edited_at,
        deleted_at=row.deleted_at,
        verdict=row.verdict,
    )


def _author(user: User | None) -> Author | None:
    if user is None:
        return None
    return Author(name=user.display_name, email="" if sessions.is_stand_in(user=user) else user.email)
