"""The records in which discussions are carried from one hall to another, and what has to hold of each."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

KEY_MAX = 200
DISCUSSION_STATES = ("visible", "held", "hidden", "removed")
STATES = ("visible", "held", "pending", "deleted", "hidden", "removed")
TITLE_MAX, BODY_MAX, NAME_MAX, VERDICT_MAX = 120, 40_000, 80, 200


class Unreadable(ValueError):
    """The file is none of this kind, or breaks off; the message is for the maintainer."""


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote it: by mail address where one is known."""

    name: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscussionRecord:
    """A discussion; `key` is its own name where it comes from."""

    key: str
    title: str
    body: str
    author: Author | None
    created_at: datetime
    state: str = "visible"
    edited_at: datetime | None = None
    verdict: str = ""
    locked_at: datetime | None = None
    pinned_at: datetime | None = None
    place: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentRecord:
    """A comment; its parent is one of the same discussion."""

    key: str
    discussion: str
    parent: str | None
    body: str
    author: Author | None
    state: str
    created_at: datetime
    published_at: datetime | None = None
    edited_at: datetime | None = None
    deleted_at: datetime | None = None
    verdict: str = ""
    place: str = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """A record that cannot be taken, where it stands, and why."""

    place: str
    why: str


Record = DiscussionRecord | CommentRecord


def moment(text: Any, name: str) -> datetime:
    """Return a moment of ISO 8601, in UTC where it names no zone. Raise ValueError."""
    try:
        found = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        raise ValueError(f"`{name}` is no moment of ISO 8601.") from None
    if not 1990 <= found.year <= 9998:
        raise ValueError(f"`{name}` is no moment of our time.")
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def checked(record: Record) -> Record | Fault:
    """Return the record when it can be kept, or what is wrong with it."""
    why = _wrong_text(record) or (_wrong_discussion(record) if isinstance(record, DiscussionRecord) else "")
    if not why and isinstance(record, CommentRecord):
        why = _wrong_comment(record)
    return Fault(record.place, why) if why else record


def _wrong_text(record: Record) -> str:
    author = record.author or Author()
    texts: dict[str, tuple[Any, int]] = {
        "key": (record.key, KEY_MAX),
        "body": (record.body, BODY_MAX),
        "author.name": (author.name, NAME_MAX),
        "author.email": (author.email, 254),
    }
    texts["verdict"] = (record.verdict, VERDICT_MAX)
    if isinstance(record, DiscussionRecord):
        texts["title"] = (record.title, TITLE_MAX)
    else:
        texts["discussion"] = (record.discussion, KEY_MAX)
        texts["parent"] = (record.parent or "", KEY_MAX)
    for name, (text, most) in texts.items():
        if not isinstance(text, str):
            return f"`{name}` is no text."
        if len(text) > most:
            return f"`{name}` has {len(text):,} characters; at most {most:,} fit."
        if "\0" in text or not _is_whole(text):
            return f"`{name}` holds a character that cannot be kept."
    return "" if record.key else "`key` is empty."


def _is_whole(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _wrong_discussion(record: DiscussionRecord) -> str:
    if record.state not in DISCUSSION_STATES:
        return f"`state` of a discussion is one of {', '.join(DISCUSSION_STATES)}."
    if record.state != "visible" and not record.verdict:
        return f"Why it was {record.state} is missing: `verdict`."
    return "" if record.title.strip() and record.body.strip() else "A discussion has a title and a body."


def _wrong_comment(record: CommentRecord) -> str:
    if record.state not in STATES:
        return f"`state` is one of {', '.join(STATES)}."
    if record.state == "visible" and not record.body.strip():
        return "A visible comment says something."
    if record.state in ("held", "hidden", "removed") and not record.verdict:
        return f"Why it was {record.state} is missing: `verdict`."
    return ""
