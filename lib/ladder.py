"""When to try again: delays that grow up to a limit, shifted at random so that those who failed together do not come
back together. Plain values in and out; seconds everywhere.
"""


def rung(failures: int, *, first: float, factor: float, most: float) -> float:
    """Return the delay after so many failures, at least one: `first`, then `factor` times more each, up to `most`."""
    if failures < 1:
        raise ValueError("nothing failed yet")
    found = first
    for _ in range(failures - 1):
        if found >= most:
            break
        found *= factor
    return min(found, most)


def wait(
    seconds: float,
    *,
    jitter: float,
    draw: float,
    asked: float = 0.0,
    asked_most: float = 0.0,
    left: float | None = None,
) -> float | None:
    """Return how long to wait instead of `seconds`, or None when there is no use in trying again.

    `draw`, from 0 up to 1, moves the wait by up to `jitter` of itself in either direction. `asked` is what the other
    side wants (Retry-After); it makes a wait longer, never shorter, and counts up to `asked_most`. `left` is the time
    until the last moment: a wait that would end later ends then, unless the other side asked for more than is left.
    """
    shaken = seconds * (1 + jitter * (2 * draw - 1))
    asked = min(asked, asked_most)
    if left is None:
        return max(shaken, asked)
    return None if left <= 0 or asked > left else min(max(shaken, asked), left)
