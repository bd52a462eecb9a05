"""All of a thread, depth-first: for who reads it from beginning to end, keeps it or prints it."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from comments.models import Comment, Thread

BATCH = 1000


class Said(NamedTuple):
    """One comment of a whole thread; `epitaph` is what stands in the place of words that are gone, else ""."""

    depth: int
    author: str
    at: datetime
    body: str
    epitaph: str


def read_whole(*, thread: Thread | None) -> Iterator[Said]:
    """Yield what is visible, and tombstones that replies need, each comment before its replies, oldest first.

    A batch is in memory and each batch is a statement, in the order of the unique index over the paths; rows and no
    instances, which would take twice as long. What comes meanwhile before the place that was reached is not told.
    """
    if thread is None:
        return
    shown = Comment.objects.filter(thread=thread.pk, is_shown=True).order_by("path")
    rows: Any = shown.values_list("path", "author__display_name", "created_at", "state", "verdict", "body")
    last: list[int] = []
    while True:
        found = list(rows.filter(path__gt=last)[:BATCH])
        for path, author, at, state, verdict, body in found:
            gone = "" if state == Comment.State.VISIBLE else Comment(state=state, verdict=verdict).epitaph
            yield Said(len(path), author or "", at, "" if gone else body, gone)
        if len(found) < BATCH:
            return
        last = found[-1][0]
