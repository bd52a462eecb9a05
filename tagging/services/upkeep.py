"""Looking whether the counts hold, retiring what nobody uses, and taking tags in from a file."""

import csv
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from lib import targets
from lib.exact_counts import Difference
from tagging import names as naming
from tagging.models import COUNTED, Item, Tag, TagFollow
from tagging.services.errors import TaggingError
from tagging.services.labelling import make_tags

UNUSED = timedelta(days=180)
BATCH = 500
ARRAYS = """
SELECT i.id FROM tagging_item i
WHERE i.tag_ids IS DISTINCT FROM
    coalesce((SELECT array_agg(g.tag_id ORDER BY g.tag_id) FROM tagging_tagging g WHERE g.item_id = i.id), '{}')
"""
MEND = """
UPDATE tagging_item i SET tag_ids =
    coalesce((SELECT array_agg(g.tag_id ORDER BY g.tag_id) FROM tagging_tagging g WHERE g.item_id = i.id), '{}')
WHERE i.id = %s
"""


class FileRefused(TaggingError): ...


def recount_tags(*, repair: bool = False) -> tuple[list[Difference], list[int]]:
    """Return the tags whose count is not the number of their taggings, and the things whose array is not theirs."""
    found = COUNTED.differences()
    with connection.cursor() as cursor:
        cursor.execute(ARRAYS)
        items = [row[0] for row in cursor.fetchall()]
    if repair:
        for each in found:
            COUNTED.repair(each.key)
        for pk in items:
            _mend(pk)
    return found, items


@transaction.atomic(durable=True)
def _mend(pk: int) -> None:
    list(Item.objects.select_for_update(no_key=True).filter(pk=pk).values_list("pk"))
    with connection.cursor() as cursor:
        cursor.execute(MEND, [pk])


def retire_unused_tags(*, dry_run: bool = False) -> int:
    """Stop offering tags that nothing carries, nobody follows and nobody described, half a year after they came."""
    followed = TagFollow.objects.values("tag")
    rows = (
        Tag.objects.offered()
        .filter(usage_count=0, description="", created_at__lt=timezone.now() - UNUSED)
        .exclude(Q(pk__in=followed) | Q(synonyms__isnull=False))
    )
    return rows.count() if dry_run else rows.update(retired_at=timezone.now())


def sweep_strays() -> int:
    """Remove the rows of things that are gone; return how many."""
    swept = 0
    for model in targets.declaring(Item).values():
        rows = Item.objects.filter(content_type_id=targets.kind_of(model))
        gone = rows.exclude(object_id__in=model.objects.values("pk"))
        swept += gone.count()
        gone.delete()
    return swept


def import_tags(*, lines: Iterable[str], by: Any = None, dry_run: bool = False) -> tuple[int, int, list[str]]:
    """Take in tags from CSV with the columns name, count and aliases (separated by blanks).

    Return how many tags and synonyms were made, and a sentence for each line that was left out. What is there already
    stays; a count is no tagging, and only says which of two comes first. Safe to repeat.
    """
    reader = csv.DictReader(lines)
    if "name" not in (reader.fieldnames or ()):
        raise FileRefused("The first line must name the columns: name, count, aliases.")
    rows, left = [], []
    for number, row in enumerate(reader, 2):
        try:
            rows.append(_row(row))
        except ValueError as error:
            left.append(f"line {number}: {error}")
    rows.sort(key=lambda each: -each[0])
    tags = synonyms = 0
    for start in range(0, len(rows), BATCH):
        done = (0, 0) if dry_run else _take_in(rows[start : start + BATCH], by)
        tags, synonyms = tags + done[0], synonyms + done[1]
    return tags, synonyms, left


Row = tuple[int, str, str, dict[str, str]]


def _row(row: dict[str, Any]) -> Row:
    raw = row.get("name") or ""
    count = (row.get("count") or "0").strip()
    if not count.isdecimal() or not count.isascii() or len(count) > 12:
        raise ValueError(f"the count “{naming.clipped(count)}” is no whole number")
    name = naming.normalise(raw)
    naming.refuse_mixture(name, raw)
    aliases = {naming.normalise(alias): alias for alias in (row.get("aliases") or "").split()}
    return int(count), name, raw, {alias: text for alias, text in aliases.items() if alias != name}


@transaction.atomic(durable=True)
def _take_in(rows: list[Row], by: Any) -> tuple[int, int]:
    made = make_tags(missing={name: raw for _, name, raw, _ in rows}, by=by)
    tags = dict(Tag.objects.canonical().filter(name__in=[row[1] for row in rows]).values_list("name", "pk"))
    wanted = {alias: text for row in rows for alias, text in row[3].items() if row[1] in tags}
    synonyms = make_tags(missing=wanted, by=by)
    for _, name, _, aliases in rows:
        mine = [synonyms[alias].id for alias in aliases if alias in synonyms]
        Tag.objects.filter(pk__in=mine).update(canonical_id=tags.get(name))
    return len(made), len(synonyms)
