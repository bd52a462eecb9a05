"""Two tags become one, in batches that can stop anywhere and go on; and back again within thirty days."""

from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from tagging.models import Merge, Tag, TagFollow
from tagging.services.errors import NotAllowed, TooLate
from tagging.services.vocabulary import lock_tags, note_change

BATCH = 1000
UNDO = timedelta(days=30)
# The rows of a batch are taken by things, as everything is that tags things, before the counts are.
TAKE = """
WITH batch AS MATERIALIZED (
    SELECT g.id, g.item_id, g.source, g.by_id, g.created_at FROM tagging_tagging g
    JOIN tagging_item i ON i.id = g.item_id
    WHERE g.tag_id = %(source)s ORDER BY g.item_id LIMIT %(most)s FOR NO KEY UPDATE OF i
), there AS MATERIALIZED (
    SELECT batch.* FROM batch
    WHERE EXISTS (SELECT FROM tagging_tagging o WHERE o.item_id = batch.item_id AND o.tag_id = %(target)s)
), kept AS (
    INSERT INTO tagging_mergedrop (merge_id, item_id, source, kind, by_id, created_at)
    SELECT %(merge)s, item_id, source, '', by_id, created_at FROM there
), dropped AS (
    DELETE FROM tagging_tagging WHERE id IN (SELECT id FROM there)
), moved AS (
    UPDATE tagging_tagging SET tag_id = %(target)s, merge_id = %(merge)s
    WHERE id IN (SELECT id FROM batch EXCEPT SELECT id FROM there)
)
SELECT count(*) FROM batch
"""
GIVE_BACK = """
WITH batch AS MATERIALIZED (
    SELECT g.id FROM tagging_tagging g JOIN tagging_item i ON i.id = g.item_id
    WHERE g.merge_id = %(merge)s AND g.tag_id = %(target)s
    ORDER BY g.item_id LIMIT %(most)s FOR NO KEY UPDATE OF i
), moved AS (
    UPDATE tagging_tagging SET tag_id = %(source)s, merge_id = NULL WHERE id IN (SELECT id FROM batch)
)
SELECT count(*) FROM batch
"""
PUT_BACK = """
WITH batch AS MATERIALIZED (
    SELECT d.* FROM tagging_mergedrop d JOIN tagging_item i ON i.id = d.item_id
    WHERE d.merge_id = %(merge)s ORDER BY d.item_id LIMIT %(most)s FOR NO KEY UPDATE OF i
), put AS (
    INSERT INTO tagging_tagging (item_id, tag_id, source, by_id, created_at)
    SELECT b.item_id, %(source)s, b.source, u.id, b.created_at FROM batch b
    LEFT JOIN sessions_app_user u ON u.id = b.by_id ON CONFLICT DO NOTHING
), done AS (
    DELETE FROM tagging_mergedrop WHERE id IN (SELECT id FROM batch)
)
SELECT count(*) FROM batch
"""


@transaction.atomic(durable=True)
def begin_merge(*, source_id: int, target_id: int, by: Any, reason: str) -> Merge:
    """Make one tag a synonym of another; what carries it is moved by `continue_merge`. Raise NotAllowed.

    From here on nobody can give the old tag, and whoever looks for either finds both.
    """
    tags = lock_tags(keys=[source_id, target_id])
    source, target = tags[source_id], tags[target_id]
    for tag in (source, target):
        if tag.canonical_id is not None:
            raise NotAllowed(f"“{tag}” is a synonym already. Merge the tag that it stands for.")
        if Merge.objects.unfinished().filter(source=tag).exists():
            raise NotAllowed(f"“{tag}” is being merged just now.")
    if source_id == target_id:
        raise NotAllowed("A tag cannot be merged into itself.")
    merge = Merge.objects.create(source=source, target=target, by=by, reason=reason)
    # Its own synonyms first: none may point at what is a synonym itself.
    source.synonyms.update(canonical=target)
    Tag.objects.filter(pk=source_id).update(canonical=target)
    note_change(tag=source, what=f"merged into {target.name}", by=by, reason=reason)
    return merge


@transaction.atomic(durable=True)
def undo_merge(*, merge_id: int, by: Any) -> Merge:
    """Begin to undo a merge: the tag is a tag again at once, its things come back in batches. Raise TooLate."""
    merge = Merge.objects.select_for_update(no_key=True).get(pk=merge_id)
    if merge.undone_at is not None:
        raise NotAllowed("This merge was undone already.")
    if merge.finished_at is None:
        raise NotAllowed("This merge is still moving things. Undo it when it is done.")
    if merge.at < timezone.now() - UNDO:
        raise TooLate(f"A merge can be undone within {UNDO.days} days.")
    tags = lock_tags(keys=[merge.source_id, merge.target_id])
    source = tags[merge.source_id]
    if source.canonical_id != merge.target_id:
        raise NotAllowed(f"“{source}” is no synonym of “{tags[merge.target_id]}” any more.")
    Tag.objects.filter(pk=source.pk).update(canonical=None)
    Merge.objects.filter(pk=merge_id).update(undone_at=timezone.now(), undone_by=by, finished_at=None)
    note_change(tag=source, what=f"merge into {tags[merge.target_id].name} undone", by=by, reason=merge.reason)
    merge.refresh_from_db()
    return merge


def continue_merge(*, merge_id: int, most: int = BATCH) -> int:
    """Move one batch of things, there or back; return how many. The last call moves followers and finishes it."""
    with transaction.atomic(durable=True):
        merge = Merge.objects.select_for_update(no_key=True).get(pk=merge_id)
        if merge.finished_at is not None:
            return 0
        values = {"merge": merge.pk, "source": merge.source_id, "target": merge.target_id, "most": most}
        statements = (GIVE_BACK, PUT_BACK) if merge.undone_at else (TAKE,)
        for statement in statements:
            with connection.cursor() as cursor:
                cursor.execute(statement, values)
                (moved,) = cursor.fetchone()
            if moved:
                Merge.objects.filter(pk=merge_id).update(moved=F("moved") + (0 if merge.undone_at else moved))
                return int(moved)
        _move_followers(merge)
        Merge.objects.filter(pk=merge_id).update(finished_at=timezone.now())
        return 0


def finish_merge(*, merge_id: int) -> Merge:
    """Move batches until nothing is left; return the merge as it is then. Safe to stop and to call twice at once."""
    while continue_merge(merge_id=merge_id):
        pass
    return Merge.objects.select_related("source", "target").get(pk=merge_id)


def continue_merges() -> int:
    """Go on with every merge that somebody left; return how many were finished."""
    left = list(Merge.objects.unfinished().values_list("pk", flat=True))
    for pk in left:
        finish_merge(merge_id=pk)
    return len(left)


def _move_followers(merge: Merge) -> None:
    follows = TagFollow.objects
    if merge.undone_at:
        follows.filter(tag=merge.target_id, merge=merge).update(tag=merge.source_id, merge=None)
        TagFollow.objects.bulk_create(
            [
                TagFollow(user=drop.user, tag_id=merge.source_id, kind=drop.kind, created_at=drop.created_at)
                for drop in merge.drops.filter(user__isnull=False).select_related("user")
                if drop.user
            ],
            ignore_conflicts=True,
        )
        merge.drops.filter(user__isnull=False).delete()
        return
    there = follows.filter(tag=merge.target_id).values("user")
    twice = list(follows.filter(tag=merge.source_id, user__in=there))
    merge.drops.bulk_create(
        [merge.drops.model(merge=merge, user_id=row.user_id, kind=row.kind, created_at=row.created_at) for row in twice]
    )
    follows.filter(pk__in=[row.pk for row in twice]).delete()
    follows.filter(tag=merge.source_id).update(tag=merge.target_id, merge=merge)
