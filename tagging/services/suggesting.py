"""Suggestions while somebody types, and the short lists that they come from."""

from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from tagging import names as naming
from tagging.services.labelling import slip_hash

MOST = 10
# A text that begins more names than this has a short list.
CROWDED = 60
KEPT = 30
# What is read of a text that has none, as before the lists are made: also keeps Postgres, which cannot know that a text
# is listed, from preparing for thousands by reading all tags.
UNLISTED = 200
PREFIX_MAX = 10

COLUMNS = """
t.name, t.display_name, c.name, c.display_name, coalesce(c.usage_count, t.usage_count) AS uses, t.description
FROM tagging_tag t LEFT JOIN tagging_tag c ON c.id = t.canonical_id
"""
OPEN = "t.retired_at IS NULL AND t.deprecated_at IS NULL AND c.deprecated_at IS NULL"
# The exact name first, then by use: what matters is the use of the tag that a synonym stands for.
BEGINS = f"""
WITH listed AS MATERIALIZED (SELECT tag_ids FROM tagging_shortlist WHERE prefix = %(text)s),
chosen AS MATERIALIZED (
    SELECT unnest(tag_ids) AS id FROM listed
    UNION
    SELECT id FROM tagging_tag WHERE name = %(text)s
    UNION
    (SELECT tag_id FROM tagging_beginning WHERE text LIKE %(like)s AND NOT EXISTS (SELECT FROM listed) LIMIT {UNLISTED})
)
SELECT {COLUMNS} JOIN chosen ON chosen.id = t.id
WHERE {OPEN} ORDER BY t.name = %(text)s DESC, uses DESC, t.name LIMIT %(most)s
"""  # noqa: S608  (parts of ours)
# An array, since Postgres thinks that slips find many more tags than they do, and would read all of them.
SLIPPED = f"""
SELECT {COLUMNS} WHERE t.id = ANY(ARRAY(SELECT s.tag_id FROM tagging_slips s WHERE s.hashes && %(slips)s::int[]))
AND {OPEN} ORDER BY uses DESC, t.name LIMIT 100
"""  # noqa: S608  (parts of ours)
REFRESH = """
WITH texts AS (
    SELECT b.tag_id, left(b.text, length) AS prefix, coalesce(c.usage_count, t.usage_count) AS uses, t.name
    FROM tagging_beginning b JOIN tagging_tag t ON t.id = b.tag_id LEFT JOIN tagging_tag c ON c.id = t.canonical_id
    CROSS JOIN generate_series(1, %s) AS length
    WHERE length <= length(b.text) AND t.retired_at IS NULL
), ranked AS (
    SELECT prefix, tag_id, row_number() OVER (PARTITION BY prefix ORDER BY uses DESC, name) AS place,
        count(*) OVER (PARTITION BY prefix) AS names
    FROM texts
)
INSERT INTO tagging_shortlist (prefix, tag_ids)
SELECT prefix, array_agg(tag_id ORDER BY place) FROM ranked WHERE names > %s AND place <= %s GROUP BY prefix
"""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A name to choose; `canonical` is what it stands for when it is a synonym."""

    name: str
    display_name: str
    canonical: str
    uses: int
    description: str

    @property
    def label(self) -> str:
        return f"{self.display_name} → {self.canonical}" if self.canonical else self.display_name


def suggest(*, text: str, most: int = MOST) -> list[Suggestion]:
    """Return the tags one of whose words begins so; when there is none, those that were meant by a slip of the hand."""
    begun = naming.begun(text)
    if not begun:
        return []
    found = _run(BEGINS, {"text": begun, "like": f"{begun}%", "most": most})
    if not found and len(begun) >= naming.SLIP_MIN:
        slips = [slip_hash(text=slip) for slip in naming.slips(begun[: naming.SLIP_MAX])]
        found = [row for row in _run(SLIPPED, {"slips": slips}) if naming.is_slip(begun, row.name)][:most]
    return found


def _run(statement: str, values: dict[str, Any]) -> list[Suggestion]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [
            Suggestion(name, display, canonical_display or "", uses, description)
            for name, display, _, canonical_display, uses, description in cursor.fetchall()
        ]


@transaction.atomic(durable=True)
def refresh_shortlists() -> int:
    """Make the short lists anew; return how many there are. Readers see the old ones until it is done."""
    with connection.cursor() as cursor:
        # One at a time: two would write the same lists.
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext('tagging.shortlists'))")
        if not cursor.fetchone()[0]:
            return 0
        cursor.execute("DELETE FROM tagging_shortlist")
        cursor.execute(REFRESH, [PREFIX_MAX, CROWDED, KEPT])
        return cursor.rowcount
