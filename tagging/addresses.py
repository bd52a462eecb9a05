"""Tags in an address: `/tags/python+django`, although `c++` is a tag, too. Plain values in and out.

Names are joined by a plus. A plus that belongs to a name is told apart by what is there: from the left, the longest
name that exists is taken.
"""

from collections.abc import Collection, Sequence

PLUS = "+"
# So many pluses are more than any eight names have.
PARTS_MAX = 40


def join(names: Sequence[str]) -> str:
    return PLUS.join(names)


def _spans(address: str) -> list[str]:
    return address.split(PLUS)[:PARTS_MAX]


def candidates(address: str) -> set[str]:
    """Return every name that may be meant by a part of an address."""
    parts = _spans(address)
    return {
        PLUS.join(parts[start:end])
        for start in range(len(parts))
        for end in range(start + 1, len(parts) + 1)
        if end - start <= 8 and parts[start]
    }


def resolve(address: str, known: Collection[str]) -> list[str]:
    """Return the names that an address means, given which of its candidates exist.

    What cannot be read wholly as known names is returned in its plainest reading, for a refusal that names it.
    """
    parts = _spans(address)
    return _read(parts, known) or [part for part in parts if part] or [address]


def _read(parts: list[str], known: Collection[str]) -> list[str]:
    """Return a reading of all parts, the longest name first at each place; [] when there is none."""
    readings: dict[int, list[str] | None] = {len(parts): []}
    for start in range(len(parts) - 1, -1, -1):
        readings[start] = None
        for end in range(min(len(parts), start + 8), start, -1):
            name, rest = PLUS.join(parts[start:end]), readings.get(end)
            if name in known and rest is not None:
                readings[start] = [name, *rest]
                break
    return readings[0] or []
