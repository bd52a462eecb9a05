"""What has to be known before somebody says something: the thread, locked, what they answer, and their habits."""

from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection

from comments.holds import HEATED, REPEATED_WITHIN, SOON, WHILE
from comments.models import Discussion
from lib import targets

# One call in the place of three statements. Each statement of a function has a snapshot of its own: what follows the
# lock of the thread sees what was committed while it waited, also whether the discussion and the parent still stand.
FUNCTION = """
CREATE FUNCTION comments_look(
    kind integer, thing bigint, parent bigint, asker bigint, said text, discussion bigint,
    soon timestamptz, lately timestamptz, since timestamptz, at timestamptz, heated integer,
    OUT of_thread bigint, OUT locked_since timestamptz, OUT premoderated_since timestamptz, OUT above bigint[],
    OUT is_gone boolean, OUT soon_count bigint, OUT lately_count bigint, OUT is_repeated boolean,
    OUT muted_until timestamptz, OUT why_muted text, OUT is_limited boolean, OUT last_at timestamptz, OUT heat bigint
) LANGUAGE plpgsql AS $$
BEGIN
    LOOP
        SELECT t.id, t.locked_at, t.premoderated_at INTO of_thread, locked_since, premoderated_since
        FROM comments_thread AS t WHERE t.content_type_id = kind AND t.object_id = thing FOR NO KEY UPDATE;
        EXIT WHEN FOUND;
        INSERT INTO comments_thread (content_type_id, object_id, comment_count) VALUES (kind, thing, 0)
        ON CONFLICT DO NOTHING;
    END LOOP;
    SELECT c.path INTO above FROM comments_comment AS c
    WHERE c.id = parent AND c.thread_id = of_thread
        AND (c.state = 'visible' OR c.is_shadowed AND c.state = 'held' AND c.author_id = asker);
    SELECT EXISTS (
            SELECT 1 FROM comments_discussion AS d
            WHERE d.id = discussion AND d.state <> 'visible' AND NOT (d.state = 'held' AND d.author_id = asker)),
        count(*) FILTER (WHERE c.created_at > soon), count(*) FILTER (WHERE c.created_at > lately),
        coalesce(bool_or(c.body = said AND c.state <> 'deleted'), false),
        EXISTS (SELECT 1 FROM comments_limit AS l WHERE l.user_id = asker AND l.until_at > at),
        max(c.created_at) FILTER (WHERE c.thread_id = of_thread),
        (SELECT count(*) FROM (
            SELECT 1 FROM comments_comment AS h
            WHERE h.thread_id = of_thread AND h.state = 'visible' AND h.published_at > lately LIMIT heated) AS of_all)
    INTO is_gone, soon_count, lately_count, is_repeated, is_limited, last_at, heat
    FROM comments_comment AS c WHERE c.author_id = asker AND c.created_at > since;
    SELECT m.until_at, m.reason INTO muted_until, why_muted
    FROM comments_mute AS m WHERE m.user_id = asker AND m.until_at > at;
END
$$
"""
LOOK = """
SELECT * FROM comments_look(
    %(kind)s, %(thing)s, %(parent)s, %(asker)s, %(said)s, %(discussion)s,
    %(soon)s, %(lately)s, %(since)s, %(at)s, %(heated)s)
"""


class Look(NamedTuple):
    """The thread, locked in the caller's transaction, and what there is to know of who asks."""

    thread_id: int
    locked_at: datetime | None
    premoderated_at: datetime | None
    # The path of what is answered; None when there is none, or none that can be answered.
    above: list[int] | None
    # The discussion does not stand any more.
    is_gone: bool
    # Their comments of the last ten seconds, of the last ten minutes, and whether they said the same within the hour.
    soon: int
    lately: int
    is_repeated: bool
    muted_until: datetime | None
    why_muted: str | None
    is_limited: bool
    # When they last said something here, and how much everybody said here lately.
    last_at: datetime | None
    heat: int


def look(*, thing: Any, parent_id: int | None, asker_id: int, said: str, now: datetime) -> Look:
    """Lock the thread of a thing, made if there is none, and return what is to be known; one statement."""
    kind, pk = targets.place_of(thing)
    values = {
        **{"kind": kind, "thing": pk, "parent": parent_id, "asker": asker_id, "said": said, "at": now},
        **{"discussion": pk if isinstance(thing, Discussion) else None, "heated": HEATED},
        **{"soon": now - SOON, "lately": now - WHILE, "since": now - REPEATED_WITHIN},
    }
    with connection.cursor() as cursor:
        cursor.execute(LOOK, values)
        return Look(*cursor.fetchone())
