"""Reports, and what moderators do about them: each act is a row, and settles the reports of its comment."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Count, Min
from django.utils import timezone

from comments.models import Act, Appeal, Comment, Report, Thread
from comments.services.errors import AlreadyReported, CommentsError, NotPossible, ParentGone
from comments.services.people import tell
from comments.services.reading import with_files
from sessions_app.models import User

State = Comment.State
Kind = Act.Kind

# From which states an act leads where.
WAYS: dict[str, tuple[set[str], str | None]] = {
    Kind.HIDE: ({State.VISIBLE, State.HELD, State.PENDING}, State.HIDDEN),
    Kind.REMOVE: ({State.VISIBLE, State.HELD, State.PENDING, State.HIDDEN}, State.REMOVED),
    Kind.RESTORE: ({State.HIDDEN, State.REMOVED}, State.VISIBLE),
    Kind.KEEP: ({State.VISIBLE, State.HELD, State.PENDING}, State.VISIBLE),
}


@transaction.atomic(durable=True)
def report_comment(*, comment_id: int, reason: str, note: str, by: User) -> Report:
    """Put a visible comment before a moderator. Raise ParentGone, NotPossible, AlreadyReported."""
    # Locked, so that a report never comes to rest on what a moderator settles at this moment.
    row = Comment.objects.visible().select_for_update(no_key=True).filter(pk=comment_id).first()
    if row is None:
        raise ParentGone("This comment is not there any more.")
    if row.author_id == by.pk:
        raise NotPossible("It is your own: edit or delete it.")
    report = Report(comment=row, reporter=by, reason=reason, note=note)
    Report.objects.bulk_create([report], ignore_conflicts=True)
    found = Report.objects.open().get(comment=row, reporter=by)
    if found.created_at != report.created_at:
        raise AlreadyReported("You reported this already; a moderator will look at it.")
    return found


@transaction.atomic(durable=True)
def moderate_comment(*, comment_id: int, kind: str, reason: str, by: User) -> Comment:
    """Hide, remove, restore or keep a comment, and settle its reports; `by` may moderate.

    Doing it again changes nothing. Raise ParentGone, NotPossible.
    """
    return _moderate(comment_id, kind, reason, by)


def restore_within(*, comment_id: int, reason: str, by: User) -> Comment:
    """Restore a comment inside of the caller's transaction. Raise ParentGone, NotPossible."""
    return _moderate(comment_id, Kind.RESTORE, reason, by)


def _moderate(comment_id: int, kind: str, reason: str, by: User) -> Comment:
    thread = Thread.objects.filter(pk__in=Comment.objects.filter(pk=comment_id).values("thread"))
    found = thread.select_for_update(no_key=True).first()
    row = Comment.objects.select_for_update(no_key=True).filter(pk=comment_id).first()
    if found is None or row is None:
        raise ParentGone("There is no such comment.")
    before, after = WAYS[kind]
    open_reports = Report.objects.open().filter(comment=row)
    if row.state == after and not (kind == Kind.KEEP and open_reports.exists()):
        return row
    if row.state not in before:
        raise NotPossible(f"It is {row.state} now; this cannot be done to it.")
    act = Act.objects.create(thread=found, comment=row, person_id=row.author_id, kind=kind, reason=reason, by=by)
    if kind in {Kind.HIDE, Kind.REMOVE}:
        tell(act=act)
    open_reports.update(settled_at=timezone.now())
    row.state, row.verdict = str(after), "" if after == State.VISIBLE else reason
    row.is_shadowed = False
    if after == State.VISIBLE and row.published_at is None:
        row.published_at = timezone.now()
    row.save(update_fields=["state", "verdict", "is_shadowed", "published_at"])
    return row


class Outcome(NamedTuple):
    """Of many acts at once: how many were done, and how many could not be."""

    done: int
    skipped: int


def moderate_comments(*, comment_ids: Iterable[int], kind: str, reason: str, by: User) -> Outcome:
    """Do the same to many comments, one transaction each; what does not allow it is passed over."""
    done = skipped = 0
    for comment_id in sorted(set(comment_ids)):
        try:
            moderate_comment(comment_id=comment_id, kind=kind, reason=reason, by=by)
            done += 1
        except CommentsError:
            skipped += 1
    return Outcome(done, skipped)


def reported(*, limit: int) -> list[Any]:
    """Return the comments with open reports, those that wait longest first, each with `reports` and `count`."""
    waiting = (
        Report.objects.open().values("comment").annotate(count=Count("pk"), first=Min("pk")).order_by("first")[:limit]
    )
    counts = {each["comment"]: each["count"] for each in waiting}
    rows = with_files(rows=Comment.objects.select_related("author", "thread")).in_bulk(list(counts))
    reports: dict[int, list[Report]] = {}
    for report in Report.objects.open().filter(comment__in=counts).select_related("reporter").order_by("pk")[:1000]:
        reports.setdefault(report.comment_id, []).append(report)
    return [{"comment": rows[pk], "count": count, "reports": reports.get(pk, [])[:5]} for pk, count in counts.items()]


def held(*, limit: int) -> list[Any]:
    """Return the comments that were held by themselves, oldest first."""
    return _waiting(State.HELD, limit)


def pending(*, limit: int) -> list[Any]:
    """Return the comments of threads in which moderators look first, oldest first."""
    return _waiting(State.PENDING, limit)


def _waiting(state: str, limit: int) -> list[Any]:
    rows = with_files(rows=Comment.objects.filter(state=state).select_related("author", "thread"))
    rows = rows.order_by("pk")[:limit]
    return [{"comment": row, "count": 0, "reports": []} for row in rows]


def waiting_counts() -> dict[str, int]:
    """Return how many comments wait in each queue."""
    return {
        "reported": Report.objects.open().aggregate(count=Count("comment", distinct=True))["count"],
        "pending": Comment.objects.filter(state=State.PENDING).count(),
        "held": Comment.objects.filter(state=State.HELD).count(),
        "appeals": Appeal.objects.open().count(),
    }
