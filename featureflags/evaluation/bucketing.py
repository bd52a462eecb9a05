"""Where in a rollout a value stands: MurmurHash3 x86 32-bit of `salt:value`, scaled to 1/100,000.

Published, so that another program finds the same people: docs/featureflags.md has the vectors.
"""

import mmh3

SCALE = 100_000


class BadContext(Exception):
    """What the context holds cannot be decided about; the message says why."""


def bucket(salt: str, value: str) -> int:
    """Return a number from 0 to 99,999, the same on every machine and in every version of Python.

    The hash is unsigned, of the UTF-8 bytes, with seed 0 (Austin Appleby, MurmurHash3, 2011). Multiplying before
    shifting keeps all 32 bits, where a remainder would favour low buckets.
    """
    try:
        # Encoded here: mmh3 5.3 crashes the process on text with half of a character in it.
        return (mmh3.hash(f"{salt}:{value}".encode(), 0, False) * SCALE) >> 32
    except UnicodeEncodeError as error:
        raise BadContext("a value holds half of a character, which no hash can take") from error


def sticky_value(value: object) -> str | None:
    """Return the text that is hashed for an attribute, or None when there is nothing to stick to."""
    if type(value) is str:
        return value or None
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise BadContext("a rollout sticks to text or a whole number")
