"""Which bytes of something a Range field asks for (RFC 9110, section 14). Plain values in and out."""

import re

ONE = re.compile(r"bytes=\s*(\d{0,19})-(\d{0,19})\s*", re.ASCII)


class Unsatisfiable(ValueError):
    """The field asks for bytes that are not there."""


def wanted(field: str | None, size: int) -> tuple[int, int] | None:
    """Return the first byte and the one after the last; None for all of it. Raise Unsatisfiable.

    A field of several ranges, or one that cannot be read, is as none: a server may answer it with everything.
    """
    match = ONE.fullmatch(field) if field else None
    if match is None or match[0] is None or not (match[1] or match[2]):
        return None
    if not match[1]:
        length = int(match[2])
        if not length or not size:
            raise Unsatisfiable(f"bytes */{size}")
        return max(size - length, 0), size
    first = int(match[1])
    last = min(int(match[2]), size - 1) if match[2] else size - 1
    if match[2] and int(match[2]) < first:
        return None
    if first >= size:
        raise Unsatisfiable(f"bytes */{size}")
    return first, last + 1
