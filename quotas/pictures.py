"""Storage as pictures: a bar by kind, as the numbers that an SVG needs. Plain values in and out."""

from collections.abc import Sequence
from typing import NamedTuple

WIDTH = 1000
# A kind that is there is seen, however small.
NARROWEST = 4


class Piece(NamedTuple):
    kind: str
    amount: int
    x: float
    width: float


class Gauge(NamedTuple):
    """How full it is: `percent` of the limit, and what of the bar is used and under way, of a thousand."""

    percent: int
    used: float
    reserved: float


def gauge(used: int, reserved: int, limit: int | None) -> Gauge:
    if limit is None:
        return Gauge(0, 0, 0)
    full = max(limit, used + reserved, 1)
    percent = used * 100 // limit if limit else 100
    return Gauge(percent, round(used / full * WIDTH, 1), round(reserved / full * WIDTH, 1))


def bar(kinds: Sequence[tuple[str, int]], limit: int | None) -> list[Piece]:
    """Return the pieces of a bar of width 1000 that stands for the limit, or for all that is used without one."""
    total = sum(amount for _, amount in kinds)
    full = max(total, limit or 0, 1)
    widths = [max(amount / full * WIDTH, NARROWEST) if amount else 0 for _, amount in kinds]
    squeeze = min(1.0, WIDTH / sum(widths)) if sum(widths) else 1.0
    pieces, x = [], 0.0
    for (kind, amount), width in zip(kinds, widths, strict=True):
        pieces.append(Piece(kind, amount, round(x, 1), round(width * squeeze, 1)))
        x += width * squeeze
    return pieces
