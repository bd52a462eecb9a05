"""Finding things by several tags at once, newest first, at any depth."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core import signing
from django.core.cache import cache
from django.db import connection
from django.utils.dateparse import parse_datetime

from lib import targets
from lib.keyset import CursorInvalid
from tagging import addresses
from tagging import names as naming
from tagging.models import Item, Tag
from tagging.services.errors import UnknownTag

PAGE = 20
NAMES_MAX = 8
# How many of the newest a walk looks at before the intersection of all is asked for.
WALK = 400
ROUNDS = 5
RELATED_SAMPLE = 1000
RELATED_SECONDS = 8 * 3600
COUNT_SECONDS = 60
SALT = "tagging.finding"

Place = tuple[datetime, int]


@dataclass(frozen=True)
class Wanted:
    """All of these, any of those, none of others; canonical tags."""

    all_of: Sequence[Tag] = ()
    any_of: Sequence[Tag] = ()
    none_of: Sequence[Tag] = ()

    @property
    def is_empty(self) -> bool:
        return not (self.all_of or self.any_of)


@dataclass
class Finding:
    """One page: things with the tags they carry, and the cursor of the page after it."""

    things: list[Any] = field(default_factory=list)
    next: str | None = None


def read_tags(*, names: Iterable[str]) -> list[Tag]:
    """Return the canonical tags of these names, none twice. Raise UnknownTag."""
    wanted = []
    for raw in names:
        try:
            wanted.append(naming.normalise(raw))
        except naming.NameRefused as error:
            raise UnknownTag(f"There is no tag “{naming.clipped(raw)}”.") from error
    if len(wanted) > NAMES_MAX:
        raise UnknownTag(f"Ask for at most {NAMES_MAX} tags at once.")
    rows = {tag.name: tag for tag in Tag.objects.filter(name__in=wanted).select_related("canonical")}
    missing = [name for name in wanted if name not in rows]
    if missing:
        raise UnknownTag(f"There is no tag “{naming.clipped(missing[0])}”.")
    return list(dict.fromkeys(rows[name].canonical or rows[name] for name in wanted))


def read_address(*, address: str, more: Iterable[str] = ()) -> list[Tag]:
    """Return the canonical tags that a part of an address means, such as `c+++python`. Raise UnknownTag."""
    folded = address.casefold()
    wanted = [name for name in addresses.candidates(folded) if 0 < len(name) <= naming.LENGTH_MAX]
    known = set(
        Tag.objects.filter(name__in=[name for name in wanted if naming.begun(name) == name]).values_list(
            "name", flat=True
        )
    )
    return read_tags(names=[*addresses.resolve(folded, known), *more])


def find(*, wanted: Wanted, user: Any, models: Sequence[Any] = (), limit: int = PAGE, cursor: str = "") -> Finding:
    """Return a page of the things that a person may see, newest first. Raise CursorInvalid.

    `models` narrows to some kinds of things. What the person may not see is left out by a query for each kind, and
    the page goes on behind it.
    """
    place = _read_cursor(cursor)
    kinds = [targets.kind_of(model) for model in models] or [
        targets.kind_of(model) for model in targets.declaring(Item).values()
    ]
    found = Finding()
    groups = _groups(wanted)
    for _ in range(ROUNDS):
        rows = _matching(groups, kinds, place, limit + 1)
        things = targets.load({(row[2], row[3]) for row in rows}, relation=Item, user=user)
        for at, pk, kind, object_id in rows:
            if len(found.things) == limit:
                found.next = signing.dumps([place[0].isoformat(), place[1]], salt=SALT) if place else None
                return found
            if (kind, object_id) in things:
                found.things.append(things[kind, object_id])
            place = (at, pk)
        if len(rows) <= limit:
            return found
    found.next = signing.dumps([place[0].isoformat(), place[1]], salt=SALT) if place else None
    return found


def count_found(*, wanted: Wanted) -> int:
    """Return how many things carry it, whoever may see them; exact for one tag, at most a minute old for several."""
    if len(wanted.all_of) == 1 and not (wanted.any_of or wanted.none_of):
        return wanted.all_of[0].usage_count
    groups = _groups(wanted)
    key = f"tagging.count.{groups}".replace(" ", "")
    known = cache.get(key)
    if known is None:
        condition, values = _condition(groups)
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM tagging_item WHERE {condition}", values)  # noqa: S608
            (known,) = cursor.fetchone()
        cache.set(key, known, COUNT_SECONDS)
    return int(known)


@dataclass(frozen=True)
class Groups:
    """Keys of tags: one of each group in `all_of`, one of `any_of`, none of `none_of`."""

    all_of: tuple[tuple[int, ...], ...]
    any_of: tuple[int, ...]
    none_of: tuple[int, ...]


def _groups(wanted: Wanted) -> Groups:
    """Take a tag with those of its synonyms that still carry something: a merge is moving them."""
    tags = [*wanted.all_of, *wanted.any_of, *wanted.none_of]
    moving: dict[int, list[int]] = {}
    rows = Tag.objects.filter(canonical__in=tags, usage_count__gt=0)
    for pk, canonical in rows.values_list("pk", "canonical_id"):
        moving.setdefault(canonical, []).append(pk)

    def keys(tag: Tag) -> tuple[int, ...]:
        return (tag.pk, *moving.get(tag.pk, ()))

    # The rarest first: it is the one that is walked.
    rarest = sorted(wanted.all_of, key=lambda tag: tag.usage_count)
    return Groups(
        tuple(keys(tag) for tag in rarest),
        tuple(key for tag in wanted.any_of for key in keys(tag)),
        tuple(key for tag in wanted.none_of for key in keys(tag)),
    )


def _condition(groups: Groups) -> tuple[str, list[Any]]:
    parts, values = [], []
    single = [keys[0] for keys in groups.all_of if len(keys) == 1]
    if single:
        parts.append("tag_ids @> %s::bigint[]")
        values.append(single)
    for keys in groups.all_of:
        if len(keys) > 1:
            parts.append("tag_ids && %s::bigint[]")
            values.append(list(keys))
    if groups.any_of:
        parts.append("tag_ids && %s::bigint[]")
        values.append(list(groups.any_of))
    if groups.none_of:
        parts.append("NOT tag_ids && %s::bigint[]")
        values.append(list(groups.none_of))
    return " AND ".join(parts) or "true", values


def _matching(groups: Groups, kinds: list[int], place: Place | None, limit: int) -> list[Any]:
    """Return moment, key, kind and thing of the next items.

    Two ways, each good where the other is bad. What is common among the newest is found by walking from the newest
    end; what is rare, by the intersection of the tags' lists in the inverted index. The walk goes first, so far and no
    further, and what it finds stands when it is a whole page.
    """
    condition, values = _condition(groups)
    more = [*values, kinds]
    behind = ""
    if place:
        behind = "AND (at, id) < (%s, %s)"
        more += [*place]
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT at, id, content_type_id, object_id FROM (
                SELECT * FROM tagging_item WHERE true {behind} ORDER BY at DESC, id DESC LIMIT {WALK}
            ) AS newest
            WHERE {condition} AND content_type_id = ANY(%s) ORDER BY at DESC, id DESC LIMIT %s
            """,  # noqa: S608  (the parts are ours, the values are not)
            [*(place or ()), *values, kinds, limit],
        )
        rows = cursor.fetchall()
        if len(rows) == limit:
            return rows
        # Materialised: a plan for any array would walk the whole table instead of using the inverted index.
        cursor.execute(
            f"""
            WITH found AS MATERIALIZED (
                SELECT at, id, content_type_id, object_id FROM tagging_item
                WHERE {condition} AND content_type_id = ANY(%s) {behind}
            )
            SELECT * FROM found ORDER BY at DESC, id DESC LIMIT %s
            """,  # noqa: S608
            [*more, limit],
        )
        return cursor.fetchall()


def _read_cursor(cursor: str) -> Place | None:
    if not cursor:
        return None
    try:
        at, pk = signing.loads(cursor[:500], salt=SALT)
        moment = parse_datetime(at)
    except (signing.BadSignature, ValueError, TypeError) as error:
        raise CursorInvalid("This is no cursor of this list. Begin without one.") from error
    if moment is None:
        raise CursorInvalid("This is no cursor of this list. Begin without one.")
    return moment, pk


RELATED = """
WITH sample AS MATERIALIZED (
    SELECT i.tag_ids FROM tagging_tagging g JOIN tagging_item i ON i.id = g.item_id
    WHERE g.tag_id = %s ORDER BY g.item_id DESC LIMIT %s
), together AS (
    SELECT other, count(*) AS n FROM sample CROSS JOIN unnest(tag_ids) AS other WHERE other <> %s GROUP BY other
)
SELECT t.id FROM together JOIN tagging_tag t ON t.id = together.other
WHERE t.canonical_id IS NULL AND t.usage_count > 0
ORDER BY n / sqrt(t.usage_count::float) DESC, t.name LIMIT %s
"""


def related_tags(*, tag: Tag, most: int = 10) -> list[Tag]:
    """Return the tags that stand nearest: by the cosine over the newest thousand that carry it, at most hours old.

    The cosine of two tags is n(both) / sqrt(n(one) * n(other)); n(one) is the same for all and is left out.
    """
    key = f"tagging.related.{tag.pk}"
    keys = cache.get(key)
    if keys is None:
        with connection.cursor() as cursor:
            cursor.execute(RELATED, [tag.pk, RELATED_SAMPLE, tag.pk, most])
            keys = [row[0] for row in cursor.fetchall()]
        cache.set(key, keys, RELATED_SECONDS)
    rows = Tag.objects.in_bulk(keys)
    return [rows[pk] for pk in keys if pk in rows]
