"""Counts that equal the number of rows: the statement that changes the rows changes the counts.

    COUNTED = Tally(rows="likes_reaction", by=("object_id", "kind"), counts="likes_count", key=("object_id", "kind"))

Triggers that fire once a statement do it, whoever writes: a service, a cascade, an import, a person with psql. They
take the rows of the counts in one order, so that two statements over many of them wait for each other and never
deadlock. `differences` looks whether it holds, `repair` makes it hold again and says what it did; nothing hides it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.migrations import RunSQL


class Difference(NamedTuple):
    """What a count says (None: there is no such row) and how many rows there are."""

    key: tuple[Any, ...]
    shown: int | None
    real: int


@dataclass(frozen=True, kw_only=True)
class Tally:
    """Which rows are counted where.

    `by` are columns or expressions over a row, `key` the columns of the counts in the same order, unique together.
    With `parents` the count stands on a row that is there before (a tag has its usage); else its row is made when the
    first is counted.
    """

    rows: str
    by: Sequence[str]
    counts: str
    key: Sequence[str]
    column: str = "count"
    parents: bool = False

    @property
    def name(self) -> str:
        return f"{self.rows}_counted"

    @property
    def _places(self) -> str:
        return ", ".join(f"({expression}) AS {name}" for expression, name in zip(self.by, self.key, strict=True))

    @property
    def _keys(self) -> str:
        return ", ".join(self.key)

    def _same(self, one: str, other: str) -> str:
        return " AND ".join(f"{one}.{name} = {other}.{name}" for name in self.key)

    def triggers(self) -> RunSQL:
        """Return the migration's operation that makes it hold from then on."""
        return RunSQL(self._create(), self._drop())

    def _create(self) -> str:
        add = f"UPDATE {self.counts} AS c SET {self.column} = c.{self.column} + g.n WHERE {self._same('c', 'g')};"
        if not self.parents:
            values = ", ".join(f"g.{name}" for name in self.key)
            add = (
                f"IF g.n > 0 THEN INSERT INTO {self.counts} ({self._keys}, {self.column}) VALUES ({values}, g.n)"
                f" ON CONFLICT ({self._keys}) DO UPDATE SET {self.column} = {self.counts}.{self.column} + g.n;"
                f" ELSE {add} END IF;"
            )
        loops = {
            "INSERT": f"SELECT {self._places}, count(*) AS n FROM added GROUP BY {self._numbers}",
            "DELETE": f"SELECT {self._places}, -count(*) AS n FROM removed GROUP BY {self._numbers}",
            "UPDATE": (
                f"SELECT {self._keys}, sum(change) AS n FROM ("
                f"SELECT {self._places}, 1 AS change FROM added UNION ALL"
                f" SELECT {self._places}, -1 FROM removed) AS changes"
                f" GROUP BY {self._numbers} HAVING sum(change) <> 0"
            ),
        }
        branches = " ELS".join(
            f"IF TG_OP = '{event}' THEN FOR g IN {loop} ORDER BY {self._numbers} LOOP {add} END LOOP;"
            for event, loop in loops.items()
        )
        function = (
            f"CREATE FUNCTION {self.name}() RETURNS trigger LANGUAGE plpgsql AS $$"
            f" DECLARE g record; BEGIN {branches} END IF; RETURN NULL; END $$;"
        )
        tables = {
            "INSERT": "NEW TABLE AS added",
            "DELETE": "OLD TABLE AS removed",
            "UPDATE": "NEW TABLE AS added OLD TABLE AS removed",
        }
        return function + "".join(
            f"CREATE TRIGGER {self.name}_{event.lower()} AFTER {event} ON {self.rows} REFERENCING {named}"
            f" FOR EACH STATEMENT EXECUTE FUNCTION {self.name}();"
            for event, named in tables.items()
        )

    def _drop(self) -> str:
        drops = (f"DROP TRIGGER {self.name}_{event} ON {self.rows};" for event in ("insert", "delete", "update"))
        return "".join(drops) + f"DROP FUNCTION {self.name}();"

    @property
    def _numbers(self) -> str:
        return ", ".join(str(number) for number in range(1, len(self.key) + 1))

    def differences(self) -> list[Difference]:
        """Return every key whose count is not the number of its rows, from one moment."""
        with connection.cursor() as cursor:
            cursor.execute(
                f"""
                SELECT {self._keys}, c.{self.column}, coalesce(r.n, 0)
                FROM (SELECT {self._places}, count(*) AS n FROM {self.rows} GROUP BY {self._numbers}) AS r
                FULL JOIN (SELECT {self._keys}, {self.column} FROM {self.counts}) AS c USING ({self._keys})
                WHERE c.{self.column} IS DISTINCT FROM coalesce(r.n, 0) ORDER BY {self._numbers}
                """
            )
            return [Difference(tuple(row[:-2]), row[-2], row[-1]) for row in cursor.fetchall()]

    @transaction.atomic(durable=True)
    def repair(self, key: Sequence[Any]) -> Difference | None:
        """Set one count to the number of its rows; return what was wrong, or None when nothing is any more.

        The count is locked first, so nothing that is counted meanwhile is lost: it waits, and then adds itself.
        """
        where = " AND ".join(f"{name} = %s" for name in self.key)
        counted = " AND ".join(f"({expression.replace('%', '%%')}) = %s" for expression in self.by)
        with connection.cursor() as cursor:
            if not self.parents:
                marks = ", ".join(["%s"] * len(self.key))
                cursor.execute(
                    f"INSERT INTO {self.counts} ({self._keys}, {self.column}) VALUES ({marks}, 0)"
                    " ON CONFLICT DO NOTHING",
                    [*key],
                )
            cursor.execute(f"SELECT {self.column} FROM {self.counts} WHERE {where} FOR NO KEY UPDATE", [*key])
            found = cursor.fetchone()
            cursor.execute(f"SELECT count(*) FROM {self.rows} WHERE {counted}", [*key])
            (real,) = cursor.fetchone()
            if found is None or found[0] == real:
                return None
            cursor.execute(f"UPDATE {self.counts} SET {self.column} = %s WHERE {where}", [real, *key])
            return Difference(tuple(key), found[0], real)
