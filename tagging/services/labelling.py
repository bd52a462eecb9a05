"""Giving tags to a thing: at most five statements, whatever many do at once."""

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from lib import targets
from tagging import names as naming
from tagging.models import TAGS_MAX, Item, Tag, Tagging
from tagging.names import NameRefused
from tagging.services.errors import NamesRefused

Source = Tagging.Source

# The names, and through canonical tags and implications everything that comes with them.
RESOLVE = """
WITH RECURSIVE meant AS (
    SELECT coalesce(canonical_id, id) AS id, name::text AS said FROM tagging_tag WHERE name = ANY(%s)
), closure AS (
    SELECT id, said FROM meant
    UNION
    SELECT coalesce(t.canonical_id, t.id), NULL::text FROM closure c
    JOIN tagging_implication i ON i.tag_id = c.id JOIN tagging_tag t ON t.id = i.implied_id
)
SELECT c.said, t.id, t.name, t.display_name, t.deprecated_at, t.reserved_at, t.retired_at, g.name
FROM closure c JOIN tagging_tag t ON t.id = c.id
LEFT JOIN tagging_taggroup g ON g.id = t.group_id AND g.exclusive
"""
# No look-up: a tag that is there is not touched. In the order of names, so that two who make the same do not deadlock.
MAKE = """
WITH made AS (
    INSERT INTO tagging_tag
        (name, display_name, skeleton, description, usage_count, created_at, created_by_id, reserved_at)
    SELECT name, display_name, skeleton, '', 0, %s, %s, NULL
    FROM unnest(%s::text[], %s::text[], %s::text[]) AS n (name, display_name, skeleton)
    ORDER BY name
    ON CONFLICT DO NOTHING RETURNING id, name
), slipped AS (
    INSERT INTO tagging_slips (tag_id, hashes)
    SELECT made.id, s.hashes::int[] FROM made JOIN unnest(%s::text[], %s::text[]) AS s (name, hashes) USING (name)
), found AS (
    INSERT INTO tagging_beginning (tag_id, text)
    SELECT made.id, b.text FROM made JOIN unnest(%s::text[], %s::text[]) AS b (name, text) USING (name)
)
SELECT id, name FROM made
"""
# The counts that will change are locked in one order before any trigger reaches for them in its own.
CHANGE = """
WITH locked AS MATERIALIZED (
    SELECT id FROM tagging_tag
    WHERE id = ANY(%(gone)s::bigint[]) OR id = ANY(%(come)s::bigint[]) AND canonical_id IS NULL
    ORDER BY id FOR NO KEY UPDATE
), removed AS (
    DELETE FROM tagging_tagging
    WHERE item_id = %(item)s AND tag_id = ANY(%(gone)s::bigint[]) AND (SELECT count(*) FROM locked) >= 0
), added AS (
    INSERT INTO tagging_tagging (item_id, tag_id, source, by_id, created_at)
    SELECT %(item)s, id, %(source)s, %(by)s, %(now)s FROM locked WHERE id = ANY(%(come)s::bigint[]) ORDER BY id
    ON CONFLICT DO NOTHING
)
SELECT count(*) FROM locked WHERE id = ANY(%(come)s::bigint[])
"""
# A tag that a merge made a synonym, after its name was looked up, is looked up again; so often.
TRIES = 5
WAKE = "UPDATE tagging_tag SET retired_at = NULL WHERE id = ANY(%s) AND retired_at IS NOT NULL"


@dataclass(frozen=True, slots=True)
class Found:
    id: int
    name: str
    display_name: str
    deprecated: bool
    reserved: bool
    retired: bool
    group: str | None


def set_tags(*, thing: Any, names: Iterable[str], by: Any, source: str = Source.PERSON) -> list[str]:
    """Let a thing carry exactly these tags and what they imply; return their names.

    At most ten; what is missing is made. Raise NamesRefused with a sentence for each name that cannot be given; then
    nothing is changed. Joins the caller's transaction, or is one of its own.
    """
    wanted = check_names(names=names)
    with transaction.atomic(savepoint=False):
        item_id, carried = _lock_item(thing)
        for _ in range(TRIES):
            found, implied = _resolve(list(wanted))
            missing = {name: raw for name, raw in wanted.items() if name not in found}
            if missing:
                found |= _make(missing, by)
            _refuse(found, implied, carried, source)
            chosen = {each.id: each for each in [*found.values(), *implied]}
            gone, come = carried - chosen.keys(), chosen.keys() - carried
            if not (gone or come) or _change(item_id, sorted(gone), sorted(come), by, source):
                break
            _, carried = _lock_item(thing)
        else:
            raise NamesRefused(["These tags are being merged just now. Try again."])
        retired = [each.id for each in chosen.values() if each.retired]
        if retired:
            _run(WAKE, [retired])
    return sorted(each.name for each in chosen.values())


def check_names(*, names: Iterable[str]) -> dict[str, str]:
    """Return the normalised names with how they were written. Raise NamesRefused. Asks no database."""
    wanted: dict[str, str] = {}
    reasons = []
    for number, raw in enumerate(names):
        if number >= 10 * TAGS_MAX:
            break
        try:
            name = naming.normalise(raw)
        except NameRefused as error:
            reasons.append(str(error))
        else:
            wanted.setdefault(name, raw)
    if len(wanted) + len(reasons) > TAGS_MAX:
        reasons = [f"A thing carries at most {TAGS_MAX} tags; these are more.", *reasons[:TAGS_MAX]]
    if reasons:
        raise NamesRefused(reasons)
    return wanted


def move_item(*, thing: Any, at: datetime) -> None:
    """Let a thing stand among what is found as if it were made at that moment, when others could first see it."""
    kind, pk = targets.place_of(thing)
    Item.objects.filter(content_type_id=kind, object_id=pk).update(at=at)


def split_names(*, text: str) -> list[str]:
    """Return the names in what somebody typed, separated by commas or lines."""
    return naming.split(text)


def _lock_item(thing: Any) -> tuple[int, set[int]]:
    """Return the thing's row, locked, and the tags that it carries; two who tag one thing come one after the other."""
    kind, pk = targets.place_of(thing)
    look = "SELECT id, tag_ids FROM tagging_item WHERE content_type_id = %s AND object_id = %s FOR NO KEY UPDATE"
    rows = _run(look, [kind, pk])
    if not rows:
        rows = _run(
            "INSERT INTO tagging_item (content_type_id, object_id, at, tag_ids) VALUES (%s, %s, %s, '{}')"
            " ON CONFLICT DO NOTHING RETURNING id, tag_ids",
            [kind, pk, thing.created_at],
        )
    # Somebody else was first, a moment ago.
    (item_id, carried) = (rows or _run(look, [kind, pk]))[0]
    return item_id, set(carried)


def _resolve(wanted: Sequence[str]) -> tuple[dict[str, Found], list[Found]]:
    """Return what the names mean, by name, and what that implies."""
    found, implied = {}, []
    for said, pk, name, display, deprecated, reserved, retired, group in _run(RESOLVE, [list(wanted)]):
        row = Found(pk, name, display, bool(deprecated), bool(reserved), bool(retired), group)
        if said is None:
            implied.append(row)
        else:
            found[said] = row
    return found, implied


def _make(missing: dict[str, str], by: Any) -> dict[str, Found]:
    """Make tags; one that somebody else made meanwhile is taken, one that looks like another is refused."""
    reasons = []
    for name, raw in missing.items():
        try:
            naming.refuse_mixture(name, raw)
        except NameRefused as error:
            reasons.append(str(error))
    if reasons:
        raise NamesRefused(reasons + _alike(missing))
    made = make_tags(missing=missing, by=by)
    late = [name for name in missing if name not in made]
    if late:
        others, _ = _resolve(late)
        made |= others
        alike = {name: raw for name, raw in missing.items() if name not in made}
        if alike:
            raise NamesRefused(_alike(alike))
    return made


def make_tags(*, missing: dict[str, str], by: Any) -> dict[str, Found]:
    """Make the tags that are not there; return those that were made. Joins the caller's transaction."""
    ordered = sorted(missing)
    displays = [naming.display_of(missing[name]) or name for name in ordered]
    skeletons = [naming.skeleton(name) for name in ordered]
    slips = ["{" + ",".join(map(str, sorted(hashes_of(name=name)))) + "}" for name in ordered]
    pairs = [(name, text) for name in ordered for text in naming.beginnings(name)]
    rows = _run(
        MAKE,
        [
            *(timezone.now(), by.pk if by else None, ordered, displays, skeletons, ordered, slips),
            *([name for name, _ in pairs], [text for _, text in pairs]),
        ],
    )
    shown = dict(zip(ordered, displays, strict=True))
    return {name: Found(pk, name, shown[name], False, False, False, None) for pk, name in rows}


def hashes_of(*, name: str) -> set[int]:
    """Return the numbers under which slips of the hand find a name."""
    return {slip_hash(text=slip) for slip in naming.slips_of_beginnings(name)}


def slip_hash(*, text: str) -> int:
    """Return the number under which a slip of the hand is found: a signed 32-bit checksum."""
    return zlib.crc32(text.encode()) - 2**31


def _alike(wanted: dict[str, str]) -> list[str]:
    skeletons = {naming.skeleton(name): raw for name, raw in wanted.items()}
    rows = Tag.objects.filter(skeleton__in=skeletons).select_related("canonical")
    return [
        f"“{naming.clipped(skeletons[row.skeleton])}” looks like the tag “{row.canonical or row}”, which is there"
        " already. Use that one."
        for row in rows
        if row.name not in wanted
    ]


def _refuse(found: dict[str, Found], implied: list[Found], carried: set[int], source: str) -> None:
    """Raise NamesRefused for what may not be given; what a thing carries already it may keep."""
    reasons = []
    for each in found.values():
        if each.id in carried:
            continue
        if each.deprecated:
            reasons.append(f"“{each.display_name}” is not used any more.")
        if each.reserved and source == Source.PERSON:
            reasons.append(f"“{each.display_name}” is given by operators only.")
    groups: dict[str, set[str]] = {}
    for each in [*found.values(), *implied]:
        if each.group:
            groups.setdefault(each.group, set()).add(each.display_name)
    reasons += [
        f"Choose one of {naming.told(sorted(several))}: of “{group}” a thing carries one."
        for group, several in groups.items()
        if len(several) > 1
    ]
    if reasons:
        raise NamesRefused(sorted(set(reasons)))


def _change(item_id: int, gone: list[int], come: list[int], by: Any, source: str) -> bool:
    """Take and give; return False when one of the tags is a synonym by now."""
    values: dict[str, Any] = {"item": item_id, "gone": gone, "come": come, "source": source}
    values |= {"by": by.pk if by else None, "now": timezone.now()}
    with connection.cursor() as cursor:
        cursor.execute(CHANGE, values)
        return bool(cursor.fetchone()[0] == len(come))


def _run(statement: str, values: Sequence[Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


def tags_of(*, things: Iterable[Any]) -> dict[int, list[Tag]]:
    """Return the tags of things of one model, by their keys, in two statements."""
    things = list(things)
    carried: dict[int, list[Tag]] = {thing.pk: [] for thing in things}
    if not things:
        return carried
    items = Item.objects.filter(content_type_id=targets.kind_of(things[0]), object_id__in=list(carried))
    arrays = dict(items.values_list("object_id", "tag_ids"))
    rows = Tag.objects.select_related("canonical").in_bulk({pk for array in arrays.values() for pk in array})
    for key, array in arrays.items():
        # While a merge moves them, a thing may carry what is a synonym already.
        shown = {(tag.canonical or tag).name: tag.canonical or tag for pk in array if (tag := rows.get(pk))}
        carried[key] = [shown[name] for name in sorted(shown)]
    return carried
