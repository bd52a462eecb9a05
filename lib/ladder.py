"""When to try again: delays that grow by a factor up to a limit, shifted at random so that those who failed together do
not come back together. Plain values in and out.
"""


def delay(failures: int, *, first: float, factor: float, most: float, jitter: float, draw: float) -> float:
    """Return the seconds to wait after so many failures, at least one.

    The rung is `first * factor ** (failures - 1)`, at most `most`; `draw`, from 0 up to 1, moves it by up to
    `jitter` of itself in either direction.
    """
    if failures < 1:
        raise ValueError("nothing failed yet")
    rung = first
    for _ in range(failures - 1):
        if rung >= most:
            break
        rung *= factor
    return min(rung, most) * (1 + jitter * (2 * draw - 1))
