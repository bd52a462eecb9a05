"""A page of a thread: two statements, whatever its size, its depth and its order.

The first statement picks which comments stand on the page: so many of the first level after the cursor, and below each
so many more, fewer the deeper. The second brings what they say, and to a limited person what they alone see. What is
left out below a comment is counted exactly and has its own link, so that whoever follows all links sees each comment
once.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.db.models import OuterRef, Q, Subquery

from comments.models import Comment, Thread
from lib import keyset, targets
from likes.models import Reaction
from quotas.models import Attachment

NODES_MAX = 200
ROOTS_MAX = 50
# How many replies stand below each comment of the first, second, third and fourth level of a page.
WIDTHS = (5, 3, 2, 1)
FLAT_MAX = 100
THREADED, FLAT = "threaded", "flat"


@dataclass(frozen=True, slots=True)
class Sort:
    slug: str
    word: str
    column: str
    kind: str
    way: str = "DESC"


SORTS = {
    sort.slug: sort
    for sort in (
        Sort("best", "Best", "best", "double precision"),
        Sort("new", "New", "created_at", "timestamptz"),
        Sort("old", "Old", "created_at", "timestamptz", "ASC"),
        Sort("top", "Top", "top", "integer"),
        Sort("hot", "Hot", "hot", "double precision"),
        Sort("controversial", "Controversial", "controversial", "double precision"),
    )
}

OUTLINE = """
WITH RECURSIVE page (id, parent_id, place, level) AS (
    (SELECT c.id, c.parent_id, c.{column}, 1 FROM comments_comment AS c
     WHERE {start} AND c.is_shown {after}
     ORDER BY c.{column} {way}, c.id {way} LIMIT %(roots)s)
    UNION ALL
    SELECT r.id, r.parent_id, r.place, p.level + 1 FROM page AS p CROSS JOIN LATERAL (
        SELECT c.id, c.parent_id, c.{column} AS place FROM comments_comment AS c
        WHERE c.parent_id = p.id AND c.is_shown
        ORDER BY c.{column} {way}, c.id {way} LIMIT (%(widths)s::integer[])[p.level]
    ) AS r WHERE p.level <= %(levels)s
)
SELECT id, parent_id, place, level FROM page
"""
AFTER = "AND (c.{column}, c.id) {sign} (%(place)s::{kind}, %(id)s)"


@dataclass(slots=True)
class Node:
    """A comment where it stands on a page, with what is left out below it."""

    comment: Comment
    level: int
    replies: list["Node"] = field(default_factory=list)
    # How many visible comments are left out below, and where they begin; no cursor: with the first reply.
    left_out: int = 0
    cursor: str = ""

    def walk(self) -> Iterator["Node"]:
        yield self
        for reply in self.replies:
            yield from reply.walk()


@dataclass(slots=True)
class Branches:
    """A page of a thread, or of the replies to one comment; `next` is the cursor of the page after it."""

    nodes: list[Node]
    next: str | None

    def walk(self) -> Iterator[Node]:
        for node in self.nodes:
            yield from node.walk()


REST = """
SELECT coalesce(sum((c.state = 'visible')::integer + c.branch_count), 0) FROM comments_comment AS c
WHERE c.parent_id = %(parent)s AND c.is_shown {after}
"""


def read_branches(
    *, thread: Thread | None, user: Any, sort: Sort, parent: Comment | None = None, cursor: str = ""
) -> Branches:
    """Return a page of the first level of a thread, or of the replies to `parent`, each with what is below it.

    Two statements. Raise keyset.CursorInvalid.
    """
    if thread is None:
        return Branches([], None)
    roots = _Outline(thread, parent, sort, cursor, levels=len(WIDTHS)).read()
    nodes, rest = _filled(roots)
    found, own = _told(thread, user, [pk for root in nodes for pk in root.everything()])
    name = _name(thread, sort)
    placed = [root.placed(found, name) for root in nodes]
    _add_own(placed, own, under=parent, sort=sort, begins=not cursor)
    return Branches(placed, keyset.seal(nodes[-1].at, of=name) if rest and nodes else None)


def read_flat(*, thread: Thread | None, user: Any, sort: Sort, cursor: str = "") -> Branches:
    """Return a page of all comments of a thread, each by itself. Two statements. Raise keyset.CursorInvalid."""
    if thread is None:
        return Branches([], None)
    found = _Outline(thread, None, sort, cursor, levels=0, flat=True).read()
    shown, rest = found[:FLAT_MAX], found[FLAT_MAX:]
    comments, own = _told(thread, user, [each.pk for each in shown])
    nodes = [Node(comments[each.pk], 1) for each in shown if each.pk in comments]
    if not cursor:
        nodes[:0] = [Node(row, 1) for row in reversed(own)]
    return Branches(nodes, keyset.seal(shown[-1].at, of=_name(thread, sort)) if rest else None)


def rest_of(*, comment: Comment, page: Branches, sort: Sort) -> Node:
    """Return a comment with what is left out of its replies after a page of them: exactly how many, and from where."""
    node = Node(comment, comment.depth)
    if page.next:
        outline = _Outline(comment.thread, comment, sort, page.next, levels=0)
        with connection.cursor() as cursor:
            cursor.execute(REST.format(after=outline.after()), outline.values())
            node.left_out, node.cursor = int(cursor.fetchone()[0]), page.next
    return node


def read_alone(*, comment: Comment, user: Any, sort: Sort) -> tuple[list[Node], Branches]:
    """Return what a comment answers, from the first level down to itself, and the first page of its replies."""
    rows = with_votes(rows=Comment.objects.filter(pk__in=comment.path), user=user)
    above = [Node(row, row.depth) for row in sorted(rows, key=lambda row: row.depth)]
    return above, read_branches(thread=comment.thread, user=user, sort=sort, parent=comment)


def with_votes(*, rows: Any, user: Any) -> Any:
    """Add the authors, what the reader voted, and what is attached."""
    votes = Reaction.objects.of_person(user).filter(
        content_type_id=targets.kind_of(Comment), object_id=OuterRef("pk"), family="vote"
    )
    return with_files(rows=rows.select_related("author").annotate(my_vote=Subquery(votes.values("kind")[:1])))


def with_files(*, rows: Any) -> Any:
    """Add what is attached to discussions or comments, in their statement."""
    return rows.annotate(files=Attachment.objects.listed(targets.kind_of(rows.model)))


def _told(thread: Thread, user: Any, keys: list[int]) -> tuple[dict[int, Comment], list[Comment]]:
    """Return the comments of these keys, and in the order of writing what the reader alone sees of the thread."""
    own = Comment.objects.shadowed_of(user) & Q(thread=thread.pk)
    rows = {row.pk: row for row in with_votes(rows=Comment.objects.filter(Q(pk__in=keys) | own), user=user)}
    return rows, [rows[pk] for pk in sorted(rows.keys() - set(keys))]


def _add_own(nodes: list[Node], own: list[Comment], *, under: Comment | None, sort: Sort, begins: bool) -> None:
    """Put what the reader alone sees below what it answers; what stands alone stands on the first page."""
    placed = {node.comment.pk: node for root in nodes for node in root.walk()}
    for row in own:
        if row.parent_id in placed:
            above = placed[row.parent_id]
            placed[row.pk] = Node(row, above.level + 1)
            above.replies.append(placed[row.pk])
        elif begins and row.parent_id == (under.pk if under else None):
            placed[row.pk] = Node(row, 1)
            nodes.insert(0 if sort.slug == "new" else len(nodes), placed[row.pk])


def _name(thread: Thread, sort: Sort) -> str:
    return f"comments.{thread.pk}.{sort.slug}"


def _filled(roots: list["_Place"]) -> tuple[list["_Place"], bool]:
    """Return as many whole branches as a page takes, and whether there are more."""
    taken, size = 0, 0
    for root in roots[:ROOTS_MAX]:
        size += len(root.everything())
        if taken and size > NODES_MAX:
            break
        taken += 1
    return roots[:taken], taken < len(roots)


@dataclass(slots=True)
class _Place:
    """One comment of the outline: its key, where it stands in the order, and what stands below it."""

    pk: int
    at: tuple[Any, int]
    level: int
    below: list["_Place"] = field(default_factory=list)

    def everything(self) -> list[int]:
        return [self.pk, *(pk for each in self.below for pk in each.everything())]

    def placed(self, found: dict[int, Comment], name: str) -> Node:
        comment = found[self.pk]
        node = Node(comment, self.level, [each.placed(found, name) for each in self.below])
        here = sum(reply.comment.is_visible + reply.comment.branch_count for reply in node.replies)
        node.left_out = max(comment.branch_count - here, 0)
        node.cursor = keyset.seal(self.below[-1].at, of=name) if self.below else ""
        return node


@dataclass(frozen=True, slots=True)
class _Outline:
    thread: Thread
    parent: Comment | None
    sort: Sort
    cursor: str
    levels: int
    flat: bool = False

    def read(self) -> list[_Place]:
        with connection.cursor() as cursor:
            cursor.execute(self._statement(), self.values())
            rows = [(_Place(pk, (place, pk), level), parent) for pk, parent, place, level in cursor.fetchall()]
        rows.sort(key=lambda row: row[0].at, reverse=self.sort.way == "DESC")
        places = {place.pk: place for place, _ in rows}
        roots = []
        for place, parent in rows:
            if place.level == 1:
                roots.append(place)
            else:
                places[parent].below.append(place)
        return roots

    def _statement(self) -> str:
        sort = self.sort
        start = "c.thread_id = %(thread)s"
        if not self.flat:
            start += " AND c.parent_id = %(parent)s" if self.parent else " AND c.parent_id IS NULL"
        return OUTLINE.format(column=sort.column, way=sort.way, start=start, after=self.after())

    def after(self) -> str:
        sign = "<" if self.sort.way == "DESC" else ">"
        return AFTER.format(column=self.sort.column, kind=self.sort.kind, sign=sign) if self.cursor else ""

    def values(self) -> dict[str, Any]:
        place, pk = None, None
        if self.cursor:
            place, pk = keyset.unseal(self.cursor, of=_name(self.thread, self.sort), length=2)
        return {
            "thread": self.thread.pk,
            "parent": self.parent.pk if self.parent else None,
            "roots": (FLAT_MAX if self.flat else ROOTS_MAX) + 1,
            "widths": list(WIDTHS),
            "levels": self.levels,
            "place": place,
            "id": pk,
        }
