"""Reports, and what moderators do about them: each act is a row, and settles the reports of what it is about."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Count, Min, Q, QuerySet
from django.utils import timezone

from comments.models import Act, Appeal, Comment, Discussion, Report, Thread
from comments.services.discussions import lock
from comments.services.errors import AlreadyReported, CommentsError, NotPossible, ParentGone
from comments.services.people import tell
from comments.services.reading import with_files
from lib import targets
from sessions_app.models import User
from tagging import services as tagging

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
    row = Comment.objects.select_for_update(no_key=True).filter(pk=comment_id).first()
    if row is None or not row.stands_for(by.pk):
        raise ParentGone("This comment is not there any more.")
    return _report(row, Report(comment=row, reporter=by, reason=reason, note=note))


@transaction.atomic(durable=True)
def report_discussion(*, discussion_id: int, reason: str, note: str, by: User) -> Report:
    """Put a visible discussion before a moderator. Raise ParentGone, NotPossible, AlreadyReported."""
    row = Discussion.objects.select_for_update(no_key=True).filter(pk=discussion_id).first()
    if row is None or not row.stands_for(by.pk):
        raise ParentGone("This discussion is not there any more.")
    return _report(row, Report(discussion=row, reporter=by, reason=reason, note=note))


def _report(row: Comment | Discussion, report: Report) -> Report:
    if row.author_id == report.reporter_id:
        raise NotPossible("It is your own: edit or delete it.")
    Report.objects.bulk_create([report], ignore_conflicts=True)
    found = Report.objects.open().get(
        comment=report.comment_id, discussion=report.discussion_id, reporter=report.reporter_id
    )
    if found.created_at != report.created_at:
        raise AlreadyReported("You reported this already; a moderator will look at it.")
    return found


@transaction.atomic(durable=True)
def moderate_comment(*, comment_id: int, kind: str, reason: str, by: User, seen: str = "") -> Comment:
    """Hide, remove, restore or keep a comment, and settle its reports; `by` may moderate.

    `seen` is the mark of what they read: other words by now are not let pass. Doing it again changes nothing. Raise
    ParentGone, NotPossible.
    """
    return _moderate_comment(comment_id, kind, reason, by, seen)


def _moderate_comment(comment_id: int, kind: str, reason: str, by: User, seen: str = "") -> Comment:
    thread = Thread.objects.filter(pk__in=Comment.objects.filter(pk=comment_id).values("thread"))
    found = thread.select_for_update(no_key=True).first()
    row = Comment.objects.select_for_update(no_key=True).filter(pk=comment_id).first()
    if found is None or row is None:
        raise ParentGone("There is no such comment.")
    reports = Report.objects.open().filter(comment=row)
    act = Act(thread=found, comment=row, person_id=row.author_id, kind=kind, reason=reason, by=by)
    _settle(row, act, reports, seen)
    return row


@transaction.atomic(durable=True)
def moderate_discussion(*, discussion_id: int, kind: str, reason: str, by: User, seen: str = "") -> Discussion:
    """Hide, remove, restore or keep a discussion with all that is said in it, and settle its reports.

    `by` may moderate; `seen` as for a comment. Doing it again changes nothing. Raise ParentGone, NotPossible.
    """
    return _moderate_discussion(discussion_id, kind, reason, by, seen)


def _moderate_discussion(discussion_id: int, kind: str, reason: str, by: User, seen: str = "") -> Discussion:
    row, thread = lock(discussion_id=discussion_id)
    reports = Report.objects.open().filter(discussion=row)
    act = Act(thread=thread, person_id=row.author_id, kind=kind, reason=reason, by=by)
    was_unread = row.published_at is None
    if _settle(row, act, reports, seen) and was_unread and row.published_at:
        # New only now for those who look for its tags, and hear of them.
        tagging.move_item(thing=row, at=row.published_at)
    return row


def restore_within(*, act: Act, reason: str, by: User) -> bool:
    """Restore what an act hid or removed, inside of the caller's transaction; return False when it had no effect left.

    It has none when another act followed on the same thing. Raise ParentGone, NotPossible.
    """
    later = Act.objects.filter(thread=act.thread_id, comment=act.comment_id, kind__in=WAYS, pk__gt=act.pk)
    if later.exists():
        return False
    if act.comment_id is not None:
        _moderate_comment(act.comment_id, Kind.RESTORE, reason, by)
    else:
        _moderate_discussion(act.thread.object_id, Kind.RESTORE, reason, by)
    return True


def _settle(row: Any, act: Act, reports: QuerySet[Report], seen: str) -> bool:
    """Do to a locked comment or discussion what an act says; return False when it was so. Raise NotPossible."""
    before, after = WAYS[act.kind]
    if row.state == after and not (act.kind == Kind.KEEP and reports.exists()):
        return False
    if row.state not in before:
        raise NotPossible(f"It is {row.state} now; this cannot be done to it.")
    _refuse_unread(row, act, seen)
    act.save(force_insert=True)
    if act.kind in {Kind.HIDE, Kind.REMOVE}:
        tell(act=act)
    reports.update(settled_at=timezone.now())
    row.state, row.verdict = str(after), "" if after == State.VISIBLE else act.reason
    row.is_shadowed = False
    changed = ["state", "verdict", "is_shadowed"]
    if row.is_visible and row.published_at is None:
        row.published_at = timezone.now()
        changed.append("published_at")
    row.save(update_fields=changed)
    return True


def _refuse_unread(row: Any, act: Act, seen: str) -> None:
    """Raise NotPossible for letting pass what was not read, or what is one's own."""
    if act.kind not in {Kind.KEEP, Kind.RESTORE}:
        return
    if seen and seen != row.mark:
        raise NotPossible("It was changed meanwhile. Look at it again.")
    if act.by_id == row.author_id and not (act.by and act.by.is_superuser):
        raise NotPossible("It is your own: another moderator looks at it.")


class Outcome(NamedTuple):
    """Of many acts at once: how many were done, and how many could not be."""

    done: int
    skipped: int


def moderate_many(
    *, comments: Mapping[int, str], discussions: Mapping[int, str], kind: str, reason: str, by: User
) -> Outcome:
    """Do the same to many of them, one transaction each; what does not allow it is passed over.

    Each key comes with the mark of what was read of it, or "".
    """
    done = skipped = 0
    for name, moderate, keys in (
        ("comment_id", moderate_comment, comments),
        ("discussion_id", moderate_discussion, discussions),
    ):
        act: Callable[..., Any] = moderate
        for pk, seen in sorted(keys.items()):
            try:
                act(**{name: pk}, kind=kind, reason=reason, by=by, seen=seen)
                done += 1
            except CommentsError:
                skipped += 1
    return Outcome(done, skipped)


# --- The queues -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Waiting:
    """A comment or a discussion that waits for a moderator, and how many reported it, with the first of the reports."""

    said: Any
    count: int
    reports: list[Report]

    @property
    def is_discussion(self) -> bool:
        return isinstance(self.said, Discussion)


def reported(*, limit: int) -> list[Waiting]:
    """Return what has open reports, what waits longest first."""
    waiting = (
        Report.objects.waiting()
        .values("comment", "discussion")
        .annotate(count=Count("pk"), first=Min("pk"))
        .order_by("first")[:limit]
    )
    counts = {(each["comment"], each["discussion"]): each["count"] for each in waiting}
    comments = _comments().in_bulk([pk for pk, _ in counts if pk])
    discussions = _discussions().in_bulk([pk for _, pk in counts if pk])
    reports: dict[tuple[int | None, int | None], list[Report]] = {}
    about = Q(comment__in=comments) | Q(discussion__in=discussions)
    for report in Report.objects.open().filter(about).select_related("reporter").order_by("pk")[:1000]:
        reports.setdefault((report.comment_id, report.discussion_id), []).append(report)
    return [
        Waiting(comments[place[0]] if place[0] else discussions[place[1]], count, reports.get(place, [])[:5])
        for place, count in counts.items()
    ]


def held(*, limit: int) -> list[Waiting]:
    """Return what was held by itself, oldest first."""
    rows = (each.filter(state=State.HELD).order_by("pk")[:limit] for each in (_comments(), _discussions()))
    oldest = sorted((row for found in rows for row in found), key=lambda row: row.created_at)
    return [Waiting(row, 0, []) for row in oldest[:limit]]


def pending(*, limit: int) -> list[Waiting]:
    """Return the comments of threads in which moderators look first, oldest first."""
    return [Waiting(row, 0, []) for row in _comments().filter(state=State.PENDING).order_by("pk")[:limit]]


def _comments() -> QuerySet[Comment]:
    rows: QuerySet[Comment] = with_files(rows=Comment.objects.select_related("author", "thread"))
    return rows


def _discussions() -> QuerySet[Discussion]:
    rows: QuerySet[Discussion] = with_files(rows=Discussion.objects.with_authors())
    return rows


def waiting_counts() -> dict[str, int]:
    """Return how many wait in each queue."""
    about = Report.objects.waiting().aggregate(
        comments=Count("comment", distinct=True), discussions=Count("discussion", distinct=True)
    )
    held = (rows.filter(state=State.HELD).count() for rows in (Comment.objects.all(), Discussion.objects.all()))
    return {
        "reported": about["comments"] + about["discussions"],
        "pending": Comment.objects.filter(state=State.PENDING).count(),
        "held": sum(held),
        "appeals": Appeal.objects.open().count(),
    }


def with_things(*, acts: Iterable[Act]) -> list[Act]:
    """Return the same acts, each with the thing that it is `about` when that is no comment; threads came with them.

    Of the end of a mute or a limit it is not told: that is about the person, wherever it began.
    """
    acts = list(acts)
    places = {
        act.pk: (act.thread.content_type_id, act.thread.object_id)
        for act in acts
        if act.comment_id is None and act.kind not in (Kind.UNMUTE, Kind.UNLIMIT)
    }
    things = targets.load(places.values(), relation=Thread)
    for act in acts:
        act.about = things.get(places[act.pk]) if act.pk in places else None
    return acts
