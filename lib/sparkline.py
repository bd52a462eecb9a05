"""A small line chart as the numbers that an SVG needs. Plain values in and out."""

from collections.abc import Sequence
from typing import NamedTuple


class Chart(NamedTuple):
    """`line` and `area` are the `points` of an SVG polyline and polygon; `words` says what the picture shows."""

    width: int
    height: int
    line: str
    area: str
    last_x: float
    last_y: float
    words: str


def draw(values: Sequence[float], *, span: str, width: int, height: int, margin: int = 2) -> Chart:
    """Scale at least two values, oldest first, into a box; zero is the bottom unless something is below it."""
    if len(values) < 2:
        raise ValueError("a line needs two values")
    low, high = min(0.0, *values), max(values)
    reach = (high - low) or 1.0
    step = (width - 2 * margin) / (len(values) - 1)
    points = [
        (round(margin + step * index, 1), round(height - margin - (value - low) / reach * (height - 2 * margin), 1))
        for index, value in enumerate(values)
    ]
    line = " ".join(f"{x:g},{y:g}" for x, y in points)
    floor = height - margin
    return Chart(
        width,
        height,
        line,
        f"{points[0][0]:g},{floor} {line} {points[-1][0]:g},{floor}",
        *points[-1],
        f"Over {span}: lowest {min(values):g}, highest {max(values):g}, now {values[-1]:g}.",
    )
