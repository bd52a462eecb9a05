"""What a page shows of reactions: two statements, whatever the number of things on it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import connection

from lib import targets
from likes import kinds
from likes.kinds import Kind

NAMES = 2
COUNTS = """
SELECT object_id, kind, sum(count) FROM likes_reactioncount
WHERE content_type_id = %s AND object_id = ANY(%s) GROUP BY object_id, kind
"""
# Each name is found from the newest end of an index, so a hot thing costs as much as a cold one.
PEOPLE = """
SELECT t.id, r.kind, r.user_id, u.display_name
FROM unnest(%s::bigint[]) AS t (id) CROSS JOIN LATERAL (
    (SELECT id, kind, user_id FROM likes_reaction
     WHERE content_type_id = %s AND object_id = t.id AND user_id = %s)
    UNION
    (SELECT id, kind, user_id FROM likes_reaction
     WHERE content_type_id = %s AND object_id = t.id AND kind = 'like' AND family <> 'vote' AND user_id <> %s
     ORDER BY id DESC LIMIT %s)
) AS r JOIN sessions_app_user u ON u.id = r.user_id
ORDER BY t.id, r.id DESC
"""


@dataclass(frozen=True, slots=True)
class Choice:
    """One kind on one thing: how many said it, and whether the reader did."""

    kind: Kind
    count: int
    mine: bool

    @property
    def short(self) -> str:
        return kinds.shortened(self.count)


@dataclass(slots=True)
class Standing:
    """What was said to one thing, as one reader sees it."""

    families: tuple[str, ...]
    counts: dict[str, int] = field(default_factory=dict)
    mine: set[str] = field(default_factory=set)
    names: list[str] = field(default_factory=list)

    @property
    def offered(self) -> list[Kind]:
        return kinds.offered(self.families, settings.LIKE_EMOJI)

    @property
    def choices(self) -> list[Choice]:
        """Every kind that is offered, and every other that somebody said when it was."""
        offered = self.offered
        gone = [kinds.ALL[slug] for slug in self.counts if self.counts[slug] and kinds.ALL[slug] not in offered]
        return [Choice(kind, self.counts.get(kind.slug, 0), kind.slug in self.mine) for kind in [*offered, *gone]]

    @property
    def shown(self) -> list[Choice]:
        """Those that stand open on the page: what is no emoji, and the emoji that somebody chose."""
        return [each for each in self.choices if each.count or each.kind.family != kinds.EMOJI]

    @property
    def more(self) -> list[Choice]:
        return [each for each in self.choices if not each.count and each.kind.family == kinds.EMOJI]

    @property
    def told(self) -> str:
        likes = self.counts.get(kinds.LIKE, 0)
        first = ["You"] if kinds.LIKE in self.mine else []
        return kinds.told([*first, *self.names][:NAMES], likes)


def standings(*, things: Iterable[Any], user: Any) -> dict[int, Standing]:
    """Return the standing of each thing of one model, by its key, in two statements."""
    things = list(things)
    found = {thing.pk: Standing(tuple(thing.reaction_families)) for thing in things}
    if not things:
        return found
    content_type, keys = targets.kind_of(things[0]), list(found)
    with connection.cursor() as cursor:
        cursor.execute(COUNTS, [content_type, keys])
        for pk, kind, count in cursor.fetchall():
            if kind in kinds.ALL:
                found[pk].counts[kind] = int(count)
        me = user.pk or 0
        cursor.execute(PEOPLE, [keys, content_type, me, content_type, me, NAMES])
        for pk, kind, user_id, name in cursor.fetchall():
            if user_id == me:
                found[pk].mine.add(kind)
            else:
                found[pk].names.append(name)
    return found


def read_standing(*, thing: Any, user: Any) -> Standing:
    """Return the standing of one thing."""
    return standings(things=[thing], user=user)[thing.pk]
