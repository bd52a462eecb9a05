"""A mail as somebody asks for it, checked before anything is written. Plain values in and out."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from emailqueue import addresses, composition
from emailqueue.addresses import Address, AddressInvalid
from emailqueue.composition import BREAK, File, HeaderInvalid

SUBJECT_MAX = 998
TEXT_MAX = 2 * 1024 * 1024
RECIPIENTS_MAX = 100
# What the queue writes by itself; a caller's own value would make two of them.
OWN_HEADERS = frozenset(
    {
        *("from", "to", "cc", "bcc", "reply-to", "subject", "date", "message-id", "mime-version", "content-type"),
        *("content-transfer-encoding", "list-unsubscribe", "list-unsubscribe-post", "dkim-signature", "return-path"),
    }
)


class DraftInvalid(ValueError):
    """A mail that cannot be sent; the message is for the person, `part` names the part."""

    def __init__(self, part: str, message: str) -> None:
        super().__init__(message)
        self.part = part


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What is asked for. Addresses are text, with or without a name."""

    to: Sequence[str]
    subject: str
    text: str = ""
    html: str = ""
    sender: str = ""
    cc: Sequence[str] = ()
    bcc: Sequence[str] = ()
    reply_to: Sequence[str] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    files: Sequence[File] = ()
    bulk: bool = False
    topic: str = ""
    priority: int = 5
    not_before_at: datetime | None = None
    expires_at: datetime | None = None
    key: str = ""
    template: str = ""
    variables: Mapping[str, Any] = field(default_factory=dict)
    message_id: str = ""


@dataclass(frozen=True, slots=True)
class Checked:
    """A draft that can be sent: whom it goes to, and the headers that show it."""

    draft: Draft
    sender: str
    recipients: list[tuple[str, str]]
    headers: list[tuple[str, str]]

    @property
    def destination(self) -> str:
        return self.recipients[0][0].rpartition("@")[2]

    def fingerprint(self) -> bytes:
        """Return what two requests with one key must have in common."""
        draft = self.draft
        content = [
            *(self.sender, self.recipients, self.headers, draft.subject, draft.text, draft.html, draft.bulk),
            *(draft.topic, draft.template, draft.variables),
            [[file.name, file.content_type, hashlib.sha256(file.content).hexdigest()] for file in draft.files],
        ]
        return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).digest()


def check(draft: Draft, *, default_sender: str, attachments_max: int) -> Checked:
    """Return the draft, ready to be kept. Raise DraftInvalid."""
    sender = _address("sender", draft.sender or default_sender)
    seen, shown = _people(draft)
    if draft.bulk and (len(seen) > 1 or not draft.topic):
        raise DraftInvalid("to", "A mail in bulk has a topic, and goes to one address, which can leave it by its link.")
    _check_texts(draft)
    if sum(len(file.content) for file in draft.files) > attachments_max:
        raise DraftInvalid("files", f"Attachments may have {attachments_max} bytes together.")
    headers = [("From", sender.header), *shown]
    if draft.reply_to:
        headers.append(("Reply-To", ", ".join(_address("reply_to", text).header for text in draft.reply_to)))
    headers += _own_headers(draft.headers)
    try:
        for file in draft.files:
            composition.check_file_name(file.name)
        for name, value in headers:
            composition.header_line(name, value)
    except HeaderInvalid as error:
        raise DraftInvalid("headers", str(error)) from error
    return Checked(draft, sender.mailbox, list(seen.items()), headers)


def _people(draft: Draft) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """Return whom a mail goes to, with their places, and the headers that show it: never Bcc."""
    shown: dict[str, list[str]] = {"to": [], "cc": []}
    seen: dict[str, str] = {}
    for place, texts in (("to", draft.to), ("cc", draft.cc), ("bcc", draft.bcc)):
        for text in texts:
            address = _address(place, text)
            seen.setdefault(address.mailbox, place)
            if place != "bcc":
                shown[place].append(address.header)
    if not seen:
        raise DraftInvalid("to", "A mail needs somebody to go to.")
    if len(seen) > RECIPIENTS_MAX:
        raise DraftInvalid("to", f"A mail goes to at most {RECIPIENTS_MAX} addresses; send one to each.")
    headers = [(name, ", ".join(shown[name.lower()])) for name in ("To", "Cc") if shown[name.lower()]]
    return seen, headers or [("To", "undisclosed-recipients:;")]


def _check_texts(draft: Draft) -> None:
    if BREAK.search(draft.subject):
        raise DraftInvalid("subject", "A subject is one line.")
    if len(draft.subject) > SUBJECT_MAX:
        raise DraftInvalid("subject", f"A subject has at most {SUBJECT_MAX} characters.")
    for part in ("text", "html"):
        value = getattr(draft, part)
        if len(value) > TEXT_MAX:
            raise DraftInvalid(part, f"The {part} has at most {TEXT_MAX} characters.")
        if "\0" in value or not _has_whole_characters(value):
            raise DraftInvalid(part, f"The {part} holds a zero byte or half of a character.")
    if not 0 <= draft.priority <= 9:
        raise DraftInvalid("priority", "The priority is a number from 0, first, to 9, last.")
    if len(draft.key) > 255 or "\0" in draft.key:
        raise DraftInvalid("key", "A key has at most 255 characters.")


def _has_whole_characters(value: str) -> bool:
    if value.isascii():
        return True
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _own_headers(headers: Mapping[str, str]) -> list[tuple[str, str]]:
    found = []
    for name, value in headers.items():
        if name.lower() in OWN_HEADERS:
            raise DraftInvalid("headers", f"{name} is written by the queue.")
        found.append((name, str(value)))
    return found


def _address(part: str, text: str) -> Address:
    try:
        return addresses.parse(text)
    except AddressInvalid as error:
        raise DraftInvalid(part, str(error)) from error
