"""Keeping the vocabulary clean: synonyms, names, implications, and who may use what. Each act is written down."""

from collections.abc import Sequence
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from tagging import names as naming
from tagging.models import Beginning, Implication, Slips, Tag, TagChange
from tagging.services.errors import NamesRefused, NotAllowed, UnknownTag
from tagging.services.labelling import check_names, hashes_of, make_tags

IMPLIED_BATCH = 1000
CLOSURE = """
WITH RECURSIVE above AS (
    SELECT implied_id AS id FROM tagging_implication WHERE tag_id = %s
    UNION SELECT i.implied_id FROM above a JOIN tagging_implication i ON i.tag_id = a.id
)
SELECT id FROM above
"""
SPREAD = """
WITH batch AS MATERIALIZED (
    SELECT i.id FROM tagging_item i
    WHERE i.tag_ids @> ARRAY[%(tag)s]::bigint[] AND NOT i.tag_ids @> ARRAY[%(implied)s]::bigint[]
    ORDER BY i.id LIMIT %(most)s FOR NO KEY UPDATE
)
INSERT INTO tagging_tagging (item_id, tag_id, source, by_id, created_at)
SELECT id, %(implied)s, 'operator', %(by)s, now() FROM batch ORDER BY id ON CONFLICT DO NOTHING
"""


def lock_tags(*, keys: Sequence[int]) -> dict[int, Tag]:
    """Lock tags by their keys, in order, in the caller's transaction. Raise UnknownTag."""
    # The whole key: whoever makes one of them a synonym, or points at it, waits.
    rows = Tag.objects.select_for_update(no_key=True).filter(pk__in=keys).order_by("pk")
    found = {row.pk: row for row in rows}
    if set(keys) - found.keys():
        raise UnknownTag("There is no such tag.")
    return found


def note_change(*, tag: Tag, what: str, by: Any, reason: str) -> None:
    """Write down what was done to a tag, in the caller's transaction."""
    TagChange.objects.create(tag_name=tag.name, what=what[:200], by=by, reason=reason)


@transaction.atomic(durable=True)
def add_synonym(*, tag_id: int, name: str, by: Any, reason: str) -> Tag:
    """Let a name that nobody uses stand for a tag; return the synonym. Raise NotAllowed, NamesRefused."""
    (normal,) = check_names(names=[name])
    tag = lock_tags(keys=[tag_id])[tag_id]
    if tag.canonical_id is not None:
        raise NotAllowed(f"“{tag}” is a synonym itself.")
    other = Tag.objects.filter(name=normal).first()
    if other is not None and (other.usage_count or other.pk == tag_id or other.synonyms.exists()):
        raise NotAllowed(f"“{other}” is a tag that is used. Merge it instead.")
    if other is None and not make_tags(missing={normal: name}, by=by):
        raise NamesRefused([f"“{naming.clipped(name)}” looks like a tag that is there already."])
    Tag.objects.filter(name=normal).update(canonical=tag)
    note_change(tag=tag, what=f"synonym {normal} added", by=by, reason=reason)
    return Tag.objects.get(name=normal)


@transaction.atomic(durable=True)
def remove_synonym(*, synonym_id: int, by: Any, reason: str) -> Tag:
    """Let a synonym be a tag of its own again. Raise NotAllowed."""
    row = lock_tags(keys=[synonym_id])[synonym_id]
    if row.canonical_id is None:
        raise NotAllowed(f"“{row}” is no synonym.")
    note_change(tag=row.canonical or row, what=f"synonym {row.name} removed", by=by, reason=reason)
    Tag.objects.filter(pk=synonym_id).update(canonical=None)
    row.refresh_from_db()
    return row


@transaction.atomic(durable=True)
def rename_tag(*, tag_id: int, name: str, by: Any, reason: str) -> Tag:
    """Give a tag another name; the old one becomes its synonym. Raise NotAllowed, NamesRefused."""
    (normal,) = check_names(names=[name])
    tag = lock_tags(keys=[tag_id])[tag_id]
    old, old_display = tag.name, tag.display_name
    Tag.objects.filter(name=normal, canonical=tag).delete()
    if normal != old:
        alike = Tag.objects.filter(skeleton=naming.skeleton(normal)).exclude(pk=tag_id).first()
        if alike is not None:
            raise NotAllowed(f"“{alike}” is there already. Merge the two instead.")
        Beginning.objects.filter(tag=tag).delete()
        Beginning.objects.bulk_create([Beginning(tag=tag, text=text) for text in naming.beginnings(normal)])
    Tag.objects.filter(pk=tag_id).update(
        name=normal,
        display_name=naming.display_of(name),
        skeleton=naming.skeleton(normal),
    )
    Slips.objects.filter(tag=tag_id).update(hashes=sorted(hashes_of(name=normal)))
    if normal != old and tag.canonical_id is None and make_tags(missing={old: old_display}, by=by):
        Tag.objects.filter(name=old).update(canonical=tag)
    tag.refresh_from_db()
    note_change(tag=tag, what=f"renamed from {old}", by=by, reason=reason)
    return tag


@transaction.atomic(durable=True)
def add_implication(*, tag_id: int, implied_id: int, by: Any, reason: str) -> Implication:
    """Let what carries one tag carry another, from now on. Raise NotAllowed for a circle.

    What carries it already gets the other by `spread_implication`.
    """
    with connection.cursor() as cursor:
        # A circle can be closed by two who each see but half of it: one comes after the other.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('tagging.implications'))")
        tags = lock_tags(keys=[tag_id, implied_id])
        if any(tag.canonical_id is not None for tag in tags.values()):
            raise NotAllowed("A synonym implies nothing. Take the tag that it stands for.")
        cursor.execute(CLOSURE, [implied_id])
        if tag_id == implied_id or tag_id in {row[0] for row in cursor.fetchall()}:
            raise NotAllowed(f"“{tags[implied_id]}” implies “{tags[tag_id]}” already: that would be a circle.")
    row, _ = Implication.objects.get_or_create(tag_id=tag_id, implied_id=implied_id)
    note_change(tag=tags[tag_id], what=f"implies {tags[implied_id].name}", by=by, reason=reason)
    return row


def spread_implication(*, implication: Implication, by: Any) -> int:
    """Give the implied tag to what carries the other already, in batches; return how many got it."""
    given = 0
    values = {"tag": implication.tag_id, "implied": implication.implied_id, "most": IMPLIED_BATCH}
    while True:
        with transaction.atomic(durable=True), connection.cursor() as cursor:
            cursor.execute(SPREAD, values | {"by": by.pk if by else None})
            if not cursor.rowcount:
                return given
            given += cursor.rowcount


@transaction.atomic(durable=True)
def remove_implication(*, implication_id: int, by: Any, reason: str) -> None:
    """Let one tag not imply another any more; what carries both keeps both."""
    row = Implication.objects.select_related("tag", "implied").filter(pk=implication_id).first()
    if row is None:
        raise UnknownTag("There is no such implication.")
    note_change(tag=row.tag, what=f"does not imply {row.implied.name} any more", by=by, reason=reason)
    row.delete()


@transaction.atomic(durable=True)
def set_standing(
    *, tag_id: int, deprecated: bool | None = None, reserved: bool | None = None, by: Any, reason: str
) -> Tag:
    """Say whether a tag may still be given, and whether by operators only."""
    tag = lock_tags(keys=[tag_id])[tag_id]
    now = timezone.now()
    for name, wanted in (("deprecated", deprecated), ("reserved", reserved)):
        held = getattr(tag, f"{name}_at")
        if wanted is not None and wanted != bool(held):
            Tag.objects.filter(pk=tag_id).update(**{f"{name}_at": now if wanted else None})
            note_change(tag=tag, what=name if wanted else f"not {name} any more", by=by, reason=reason)
    tag.refresh_from_db()
    return tag


@transaction.atomic(durable=True)
def describe_tag(*, tag_id: int, description: str, by: Any, reason: str, group_id: int | None = None) -> Tag:
    """Say what a tag is for, and in which group it stands."""
    tag = lock_tags(keys=[tag_id])[tag_id]
    Tag.objects.filter(pk=tag_id).update(description=description, group_id=group_id)
    note_change(tag=tag, what="described", by=by, reason=reason)
    tag.refresh_from_db()
    return tag
