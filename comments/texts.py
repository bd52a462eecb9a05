"""A whole discussion as plain text, piece by piece: to read offline, to print, to keep."""

from collections.abc import Iterable, Iterator
from datetime import datetime, tzinfo
from typing import Any

INDENT = "    "
LEFT = "somebody who left"


def whole(discussion: Any, said: Iterable[Any], zone: tzinfo) -> Iterator[str]:
    """Yield the discussion, and what is said in it indented by its depth, as Markdown that a person wrote."""
    yield f"# {discussion.title}\n\n{_by(discussion.author, discussion.created_at, zone)}\n\n{discussion.body}\n"
    for each in said:
        words = each.epitaph or f"{_by(each.author, each.at, zone)}\n\n{each.body}"
        yield f"\n{_indented(words, each.depth)}\n"


def _by(author: object, at: datetime, zone: tzinfo) -> str:
    return f"{author or LEFT}, {at.astimezone(zone):%-d %B %Y, %H:%M}"


def _indented(text: str, depth: int) -> str:
    margin = INDENT * depth
    return "\n".join(f"{margin}{line}".rstrip() for line in text.splitlines())
