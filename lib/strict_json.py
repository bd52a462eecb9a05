"""JSON as a careful reader takes it (RFC 8259 and its interoperable subset, RFC 7493). Plain values in and out.

Refused besides what is no JSON at all: a name given twice, NaN and infinities, numbers past 64 bits, half characters,
zero bytes, and nesting that nobody means.
"""

import json
import math
import re
from typing import Any, NoReturn

DEEPEST = 32
LARGEST = 2**63 - 1
# Longer than any number of 64 bits: not worth computing.
DIGITS = 20
UNSTORABLE = re.compile("[\0\ud800-\udfff]")


class NotJson(ValueError):
    """It cannot be read; the message is for the person who wrote the client."""


class NotStorable(ValueError):
    """It can be read and not kept; `pointer` (RFC 6901) says which part."""

    def __init__(self, message: str, pointer: str) -> None:
        super().__init__(message)
        self.pointer = pointer


def read(raw: bytes) -> Any:
    """Return the value in `raw`. Raise NotJson or NotStorable."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise NotJson("The body is not UTF-8.") from None
    try:
        value = json.loads(
            text,
            object_pairs_hook=_once,
            parse_constant=_refuse_constant,
            parse_int=_whole_number,
            parse_float=_number,
        )
    except json.JSONDecodeError as error:
        raise NotJson(
            f"The body is not JSON: {error.msg.lower()} at line {error.lineno}, column {error.colno}."
        ) from None
    except RecursionError:
        raise NotJson(f"The body is nested more than {DEEPEST} levels deep.") from None
    _check(value)
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise NotJson("A name stands twice in one object.")
    return found


def _refuse_constant(word: str) -> NoReturn:
    raise NotJson(f"{word} is no JSON number.")


def _whole_number(digits: str) -> int:
    if len(digits) > DIGITS or abs(int(digits)) > LARGEST:
        raise NotJson("A number does not fit into 64 bits.")
    return int(digits)


def _number(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise NotJson("A number does not fit into 64 bits.")
    return number


def _check(root: Any) -> None:
    """Look at every string and at the depth, without recursion of our own."""
    waiting: list[tuple[Any, str, int]] = [(root, "", 1)]
    while waiting:
        value, pointer, depth = waiting.pop()
        if isinstance(value, str):
            if UNSTORABLE.search(value):
                raise NotStorable("Text cannot hold a zero byte or half of a character.", pointer)
        elif isinstance(value, dict | list):
            if depth > DEEPEST:
                raise NotJson(f"The body is nested more than {DEEPEST} levels deep.")
            pairs = value.items() if isinstance(value, dict) else enumerate(value)
            for key, inner in pairs:
                if isinstance(key, str) and UNSTORABLE.search(key):
                    raise NotStorable("A name cannot hold a zero byte or half of a character.", pointer)
                waiting.append((inner, f"{pointer}/{escape(str(key))}", depth + 1))


def escape(name: str) -> str:
    """Return a name as it stands in a JSON pointer."""
    return name.replace("~", "~0").replace("/", "~1")
