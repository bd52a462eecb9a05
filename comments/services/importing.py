"""Taking in what was said elsewhere: batches, each a transaction, safe to stop, to repeat and to run twice at once."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from django.db import connection, transaction

from comments import rendering
from comments.exchange import Author, CommentRecord, DiscussionRecord, Fault, Record, in_order
from comments.models import DEPTH_MAX, Act, Comment, Discussion, Origin, Thread
from comments.services.ruling import LIMITED
from comments.services.subscriptions import thread_of
from sessions_app import services as sessions

BATCH = 500
NAMELESS = "Somebody"
# What a moderator did elsewhere is an act here too, by nobody of this hall.
ACTS = {Comment.State.HIDDEN.value: Act.Kind.HIDE, Comment.State.REMOVED.value: Act.Kind.REMOVE}

DRAW = "SELECT nextval(pg_get_serial_sequence('comments_comment', 'id')) FROM generate_series(1, %s)"
# Their statement counts what it shows, as any other does.
COPY = """
COPY comments_comment (id, thread_id, parent_id, path, author_id, state, body, body_html, renderer_version, created_at,
    published_at, edited_at, deleted_at, verdict, is_shadowed, reply_count, branch_count, ups, downs) FROM STDIN
"""


@dataclass
class Imported:
    """What an import came to; `there` was taken in before."""

    discussions: int = 0
    comments: int = 0
    there: int = 0
    refused: int = 0


@dataclass(frozen=True, slots=True)
class Ready:
    """A record with its HTML."""

    record: Record
    html: str


@dataclass
class _Batch:
    """What one transaction knows: keys of people and of what is here, and the path of each comment."""

    source: str
    people: dict[Author, int]
    discussions: dict[str, int] = field(default_factory=dict)
    threads: dict[str, int] = field(default_factory=dict)
    paths: dict[str, tuple[int, list[int]]] = field(default_factory=dict)


def import_records(
    *,
    records: Iterable[Record | Fault],
    source: str,
    limit: int | None = None,
    dry_run: bool = False,
    tell: Callable[[Fault], None] = lambda fault: None,
    progress: Callable[[Imported], None] = lambda done: None,
) -> Imported:
    """Take in what is not here yet; return the counts. `tell` hears of what cannot be, `progress` of batches.

    `source` names where they come from: the same key of the same source is taken in once. Nobody is told of what is
    taken in, no vote comes along, and nothing is held: it was published already.
    """
    done = Imported()

    def refuse(fault: Fault) -> None:
        done.refused += 1
        tell(fault)

    known = Origin.objects.filter(source=source)
    ordered = in_order(records, lambda key: known.filter(key=key).exists())
    while batch := list(islice(ordered, BATCH)):
        ready = list(_rendered(batch, refuse))
        if limit is not None:
            ready = _within(ready, source, limit - done.discussions - done.comments)
        if dry_run:
            _count(ready, source, done)
        else:
            _take(ready, source, done, refuse)
        progress(done)
        if limit is not None and done.discussions + done.comments >= limit:
            break
    return done


def _rendered(batch: Iterable[Record | Fault], refuse: Callable[[Fault], None]) -> Iterator[Ready]:
    for record in batch:
        if isinstance(record, Fault):
            refuse(record)
            continue
        try:
            yield Ready(record, rendering.render(record.body))
        except rendering.TooMuch as error:
            refuse(Fault(record.place, str(error)))


def _here(ready: Sequence[Ready], source: str) -> set[str]:
    keys = [each.record.key for each in ready]
    return set(Origin.objects.filter(source=source, key__in=keys).values_list("key", flat=True))


def _within(ready: list[Ready], source: str, room: int) -> list[Ready]:
    """Return what is here already, and of the others as many as there is room for."""
    here = _here(ready, source)
    found = []
    for each in ready:
        is_new = each.record.key not in here
        if room > 0 or not is_new:
            found.append(each)
            room -= is_new
    return found


def _count(ready: Sequence[Ready], source: str, done: Imported) -> None:
    here = _here(ready, source)
    done.there += len([each for each in ready if each.record.key in here])
    fresh = [each.record for each in ready if each.record.key not in here]
    done.discussions += len([each for each in fresh if isinstance(each, DiscussionRecord)])
    done.comments += len([each for each in fresh if isinstance(each, CommentRecord)])


@transaction.atomic(durable=True)
def _take(ready: Sequence[Ready], source: str, done: Imported, refuse: Callable[[Fault], None]) -> None:
    with connection.cursor() as cursor:
        # Of two that take in the same at once the second one finds it here.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 20))", [f"comments import {source}"])
    here = _here(ready, source)
    fresh = [each for each in ready if each.record.key not in here]
    done.there += len(ready) - len(fresh)
    batch = _Batch(source, _people({each.record.author for each in fresh if each.record.author}, source))
    done.discussions += _take_discussions([each for each in fresh if isinstance(each.record, DiscussionRecord)], batch)
    comments = [each for each in fresh if isinstance(each.record, CommentRecord)]
    taken = _take_comments(comments, batch, refuse)
    done.comments += taken


def _people(authors: Iterable[Author], source: str) -> dict[Author, int]:
    """Return who each author is here: whoever has their mail address, else somebody who stands for them."""
    authors = set(authors)
    members = sessions.find_people(emails=[author.email for author in authors])
    strangers = {
        author: f"{source} {author.email.lower() or author.name}"
        for author in authors
        if not author.email or author.email.lower() not in members
    }
    made = sessions.ensure_stand_ins(
        names={identity: author.name or NAMELESS for author, identity in strangers.items()}
    )
    return {
        author: made[strangers[author]] if author in strangers else members[author.email.lower()] for author in authors
    }


def _is_untold(record: Any) -> bool:
    """Tell whether it was held without its author being told: the verdict says so in every hall."""
    return bool(record.state == "held" and record.verdict == LIMITED)


def _take_discussions(ready: Sequence[Ready], batch: _Batch) -> int:
    for each in ready:
        record: Any = each.record
        row = Discussion.objects.create(
            title=record.title,
            body=record.body,
            body_html=each.html,
            renderer_version=rendering.VERSION,
            author_id=batch.people.get(record.author),
            created_at=record.created_at,
            published_at=record.created_at if record.state != "held" else None,
            edited_at=record.edited_at,
            state=record.state,
            verdict=record.verdict,
            is_shadowed=_is_untold(record),
            pinned_at=record.pinned_at,
        )
        thread = thread_of(thing=row)
        if record.state in ACTS:
            about = {"thread": thread, "person_id": row.author_id}
            Act.objects.create(**about, kind=ACTS[record.state], reason=record.verdict)
        if record.locked_at:
            Thread.objects.filter(pk=thread.pk).update(locked_at=record.locked_at)
        Origin.objects.create(source=batch.source, key=record.key, discussion=row)
        batch.threads[record.key] = thread.pk
    return len(ready)


def _take_comments(ready: Sequence[Ready], batch: _Batch, refuse: Callable[[Fault], None]) -> int:
    _look_up(ready, batch)
    # The thread before its comments, as in posting.
    list(Thread.objects.select_for_update(no_key=True).filter(pk__in=batch.threads.values()).order_by("pk"))
    keys = _draw_keys(len(ready))
    rows: list[tuple[Any, ...]] = []
    origins, acts = [], []
    for key, each in zip(keys, ready, strict=True):
        record: Any = each.record
        thread = batch.threads.get(record.discussion)
        parent = batch.paths.get(record.parent) if record.parent else None
        if thread is None or (record.parent and (parent is None or parent[0] != thread)):
            refuse(Fault(record.place, "What it hangs on was refused, or is in another discussion."))
            continue
        path = [*(parent[1][: DEPTH_MAX - 1] if parent else []), key]
        batch.paths[record.key] = (thread, path)
        rows.append(
            (
                *(key, thread, path[-2] if len(path) > 1 else None, path, batch.people.get(record.author)),
                *(record.state, record.body, each.html, rendering.VERSION, record.created_at, record.published_at),
                *(record.edited_at, record.deleted_at, record.verdict, _is_untold(record), 0, 0, 0, 0),
            )
        )
        origins.append(Origin(source=batch.source, key=record.key, comment_id=key))
        if record.state in ACTS:
            person = batch.people.get(record.author)
            acts.append(
                Act(thread_id=thread, comment_id=key, person_id=person, kind=ACTS[record.state], reason=record.verdict)
            )
    with connection.cursor() as cursor, cursor.copy(COPY) as copy:
        for row in rows:
            copy.write_row(row)
    Origin.objects.bulk_create(origins)
    Act.objects.bulk_create(acts)
    return len(rows)


def _look_up(ready: Sequence[Ready], batch: _Batch) -> None:
    """Find the threads and paths of what these hang on and earlier batches took in."""
    records: list[Any] = [each.record for each in ready]
    wanted = {record.discussion for record in records} - batch.threads.keys()
    places = Origin.objects.filter(source=batch.source, key__in=wanted, discussion__isnull=False)
    by_discussion = {pk: key for key, pk in places.values_list("key", "discussion")}
    for row in Discussion.objects.filter(pk__in=by_discussion).with_threads():
        if row.thread is not None:
            batch.threads[by_discussion[row.pk]] = row.thread.pk
    parents = Origin.objects.filter(source=batch.source, key__in={record.parent for record in records if record.parent})
    for key, thread, path in parents.values_list("key", "comment__thread", "comment__path"):
        batch.paths[key] = (thread, path)


def _draw_keys(count: int) -> list[int]:
    """Draw keys as posting does, so that what is posted later never meets one of them."""
    with connection.cursor() as cursor:
        cursor.execute(DRAW, [count])
        return [key for (key,) in cursor.fetchall()]
