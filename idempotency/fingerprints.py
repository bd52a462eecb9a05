"""Says whether two requests ask for the same: a SHA-256 over what a request means. Plain values, no Django."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple


class Part(NamedTuple):
    """A file that came with a form."""

    field: str
    name: str
    content_type: str
    sha256: str


def digest(*, method: str, route: str, address: str, body: Any) -> bytes:
    """Return 32 bytes; `address` is the path with its query, `body` what one of the functions below returned."""
    return hashlib.sha256(_written([method, route, address, body])).digest()


def _written(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode("ascii")


def of_json(body: bytes) -> Any:
    """Return JSON without the order of its keys; a text that is not JSON counts byte by byte."""
    try:
        # As written: two long fractions may be one float.
        found = json.loads(body, parse_float=lambda text: ["float", text])
        # Written here too, because what can just be read may be too deep to be written.
        return ["json", hashlib.sha256(_written(found)).hexdigest()]
    except (ValueError, RecursionError):
        return of_bytes(body)


def of_form(fields: Mapping[str, Sequence[str]], parts: Iterable[Part] = (), *, without: Iterable[str] = ()) -> Any:
    """Return a form without the order of its fields; the values of one field keep theirs."""
    ignored = frozenset(without)
    values = {name: list(each) for name, each in fields.items() if name not in ignored}
    return ["form", values, sorted(map(list, parts))]


def of_bytes(body: bytes) -> Any:
    return ["bytes", hashlib.sha256(body).hexdigest()]
