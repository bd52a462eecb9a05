"""JSON Lines: a header, then one object a line, a discussion before its comments, a comment before its replies."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from typing import IO

from comments.exchange.records import (
    Author,
    CommentRecord,
    DiscussionRecord,
    Fault,
    Record,
    Unreadable,
    checked,
    moment,
)

FORMAT = "guildhall-comments"
VERSION = 1
LINE_MAX = 1_000_000
MOMENTS = ("created_at", "published_at", "edited_at", "deleted_at", "locked_at", "pinned_at")
KINDS: dict[str, type[DiscussionRecord] | type[CommentRecord]] = {
    "discussion": DiscussionRecord,
    "comment": CommentRecord,
}


def header(at: datetime) -> str:
    return json.dumps({"format": FORMAT, "version": VERSION, "exported_at": at.isoformat()})


def line_of(record: Record) -> str:
    """Return a record as one line of JSON, without what is empty."""
    kind = next(name for name, each in KINDS.items() if isinstance(record, each))
    fields = {name: value for name, value in asdict(record).items() if value not in (None, "") and name != "place"}
    moments = {name: value.isoformat() for name, value in fields.items() if isinstance(value, datetime)}
    return json.dumps({"kind": kind} | fields | moments, ensure_ascii=False)


def read_lines(stream: IO[bytes]) -> Iterator[Record | Fault]:
    """Yield the records of our own shape. Raise Unreadable for a file that does not begin as one."""
    first = stream.readline(LINE_MAX)
    try:
        head = json.loads(first)
        known = head["format"] == FORMAT and head["version"] == VERSION
    except (ValueError, TypeError, LookupError, RecursionError):
        known = False
    if not known:
        raise Unreadable(f'The first line is not {{"format": "{FORMAT}", "version": {VERSION}, ...}}.')
    number = 1
    while line := stream.readline(LINE_MAX + 1):
        number += 1
        if len(line) > LINE_MAX:
            raise Unreadable(f"Line {number} is longer than {LINE_MAX:,} bytes.")
        if line.strip():
            yield _record(line, f"line {number}")


def _record(line: bytes, place: str) -> Record | Fault:
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError):
        return Fault(place, "This is not JSON.")
    if not isinstance(fields, dict) or str(fields.get("kind")) not in KINDS:
        return Fault(place, f"`kind` is one of {', '.join(KINDS)}.")
    kind = KINDS[fields.pop("kind")]
    try:
        for name in MOMENTS:
            if fields.get(name) is not None:
                fields[name] = moment(fields[name], name)
        author = fields.get("author")
        fields["author"] = Author(**author) if author is not None else None
        fields.setdefault("parent", None)
        if kind is DiscussionRecord:
            fields.pop("parent")
        record = kind(**fields | {"place": place})
    except (TypeError, ValueError) as error:
        return Fault(place, _plainly(error))
    return checked(record)


def _plainly(error: Exception) -> str:
    return str(error).replace("DiscussionRecord.__init__() ", "").replace("CommentRecord.__init__() ", "")
