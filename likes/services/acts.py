"""Setting and clearing one reaction: one statement each, and a trigger counts in it."""

from contextlib import AbstractContextManager, nullcontext
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from lib import targets
from likes import kinds
from likes.kinds import Kind
from likes.services.errors import KindNotAllowed, OwnThing
from likes.signals import reaction_changed

SET = """
INSERT INTO likes_reaction (content_type_id, object_id, user_id, family, kind, created_at)
VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (content_type_id, object_id, user_id, family) DO {}
"""
# A family of one kind has nothing to replace, and looking must not lock the row.
SET_ONE = SET.format("NOTHING")
# What replaced another is news to the owner only when the other was not yet told.
SET_CHOSEN = SET.format(
    "UPDATE SET kind = EXCLUDED.kind, created_at = EXCLUDED.created_at WHERE likes_reaction.kind <> EXCLUDED.kind"
)
CLEAR = (
    "DELETE FROM likes_reaction WHERE content_type_id = %s AND object_id = %s AND user_id = %s AND family = %s"
    " AND kind = %s"
)


def set_reaction(*, thing: Any, kind: str, by: Any) -> bool:
    """Let a person say this to a thing, in the place of what they said of the same family; return False if it was so.

    `thing` is a row that they may see. Raise KindNotAllowed, OwnThing. May stand in the caller's transaction.
    """
    chosen = _allowed(thing, kind)
    if thing.owner_id == by.pk:
        if chosen.family == kinds.VOTE:
            raise OwnThing("You cannot vote on what is your own.")
        if not settings.LIKE_OWN:
            raise OwnThing("You cannot like what is your own.")
    values = [*targets.place_of(thing), by.pk, chosen.family, chosen.slug, timezone.now()]
    return _change(SET_ONE if chosen.family == kinds.LIKE else SET_CHOSEN, values, thing, chosen, by, is_set=True)


def clear_reaction(*, thing: Any, kind: str, by: Any) -> bool:
    """Take back what a person said to a thing; return False when they did not say it (any more).

    What is not offered any more can be taken back still. Raise KindNotAllowed for a kind that never was.
    """
    chosen = kinds.ALL.get(kind)
    if chosen is None:
        raise KindNotAllowed("There is no such reaction.")
    return _change(
        CLEAR, [*targets.place_of(thing), by.pk, chosen.family, chosen.slug], thing, chosen, by, is_set=False
    )


def _allowed(thing: Any, kind: str) -> Kind:
    offered = kinds.offered(thing.reaction_families, settings.LIKE_EMOJI)
    for each in offered:
        if each.slug == kind:
            return each
    words = ", ".join(each.slug for each in offered)
    raise KindNotAllowed(f"This takes no such reaction; it takes: {words}.")


def _change(statement: str, values: list[Any], thing: Any, kind: Kind, by: Any, *, is_set: bool) -> bool:
    # One statement commits by itself; only who listens needs a transaction around both.
    heard = reaction_changed.has_listeners(type(thing))
    around: AbstractContextManager[Any] = transaction.atomic(savepoint=False) if heard else nullcontext()
    with around, connection.cursor() as cursor:
        cursor.execute(statement, values)
        changed = cursor.rowcount > 0
        if changed and heard:
            reaction_changed.send(type(thing), thing=thing, kind=kind.slug, user=by, is_set=is_set)
    return changed
