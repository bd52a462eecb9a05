"""Looking whether counts are right, and sweeping up after things that were removed at the wrong moment."""

from django.db import connection, transaction

from lib import targets
from lib.exact_counts import Difference
from likes.models import COUNTED, Reaction, ReactionCount

BATCH = 1000


def reconcile_likes(*, repair: bool = False) -> tuple[list[Difference], list[Difference]]:
    """Return the counts that are not the number of their rows, and those that were set right when asked to."""
    found = COUNTED.differences()
    repaired = [COUNTED.repair(each.key) for each in found] if repair else []
    return found, [each for each in repaired if each]


STRAYS = """
FROM likes_reaction r WHERE r.content_type_id = %s AND NOT EXISTS (SELECT FROM {} t WHERE t.id = r.object_id)
"""


def count_strays() -> int:
    """Return how many reactions are to things that are gone."""
    found = 0
    with connection.cursor() as cursor:
        for model in targets.declaring(Reaction).values():
            cursor.execute(f"SELECT count(*) {STRAYS.format(model._meta.db_table)}", [targets.kind_of(model)])
            found += cursor.fetchone()[0]
    return found


def sweep_strays(*, limit: int | None = None) -> int:
    """Remove reactions to things that are gone; return how many.

    A reaction that comes while its thing is being removed may stay behind: nothing locks the thing for it, because
    that would make all who like one thing wait for each other. Nothing shows a stray.
    """
    swept = 0
    for model in targets.declaring(Reaction).values():
        while limit is None or swept < limit:
            done = _sweep(targets.kind_of(model), model._meta.db_table, min(BATCH, (limit or BATCH + swept) - swept))
            swept += done
            if not done:
                break
    return swept


@transaction.atomic(durable=True)
def _sweep(content_type: int, table: str, most: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT r.id, r.object_id {STRAYS.format(table)} LIMIT %s FOR UPDATE SKIP LOCKED", [content_type, most]
        )
        rows = cursor.fetchall()
    Reaction.objects.filter(pk__in=[row[0] for row in rows]).delete()
    gone = {row[1] for row in rows}
    # Only those that came down to nothing: somebody may have reacted once more.
    ReactionCount.objects.filter(content_type_id=content_type, object_id__in=gone, count=0).delete()
    return len(rows)
