"""Disqus: the XML that it exports (http://disqus.com, version 1), read one element at a time."""

from collections.abc import Iterator
from typing import IO, Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse
from markdownify import markdownify

from comments.exchange.records import (
    NAME_MAX,
    TITLE_MAX,
    Author,
    CommentRecord,
    DiscussionRecord,
    Fault,
    Record,
    Unreadable,
    checked,
    moment,
)

DISQUS = "{http://disqus.com}"
DISQUS_ID = "{http://disqus.com/disqus-internals}id"


def read_disqus(stream: IO[bytes]) -> Iterator[Record | Fault]:
    """Yield what a Disqus export holds; only one element is in memory at a time. Raise Unreadable.

    A thread becomes a discussion whose body links to the page that it stood on. Its messages are HTML: they are turned
    into Markdown, and what that has no words for is lost. What was spam there is removed here, with that reason.
    """
    root: Element | None = None
    try:
        for event, element in iterparse(stream, events=("start", "end"), forbid_dtd=True):
            if root is None:
                root = element
                if element.tag != f"{DISQUS}disqus":
                    raise Unreadable("The file is no export of Disqus: it does not begin with <disqus>.")
            elif event == "end" and element.tag in READERS and DISQUS_ID in element.attrib:
                if _is_record(element):
                    yield _read_element(element)
                root.clear()
    except (ParseError, DefusedXmlException, ValueError) as error:
        raise Unreadable(f"The XML cannot be read: {_words(error)}.") from error
    if root is None:
        raise Unreadable("The file is empty.")


def _words(error: Exception) -> str:
    return "it declares types or entities" if isinstance(error, DefusedXmlException) else str(error)


def _is_record(element: Element) -> bool:
    """Tell a thread of its own from the mention of one inside a post."""
    return element.tag == f"{DISQUS}post" or element.find(f"{DISQUS}createdAt") is not None


def _read_element(element: Element) -> Record | Fault:
    place = f"{element.tag.removeprefix(DISQUS)} {element.get(DISQUS_ID)}"
    try:
        return checked(READERS[element.tag](element, place))
    except ValueError as error:
        return Fault(place, str(error))
    except RecursionError:
        return Fault(place, "Its HTML is nested too deeply.")


def _text(element: Element, name: str) -> str:
    return (element.findtext(f"{DISQUS}{name}") or "").strip()


def _is_true(element: Element, name: str) -> bool:
    return _text(element, name).lower() == "true"


def _key(element: Element | None) -> str:
    return element.get(DISQUS_ID, "") if element is not None else ""


def _author(element: Element) -> Author | None:
    found = element.find(f"{DISQUS}author")
    if found is None:
        return None
    return Author(name=_text(found, "name")[:NAME_MAX], email=_text(found, "email"))


def _markdown(html: str) -> str:
    # In a paragraph of its own, so that a bare address is not taken for the name of a file.
    return str(markdownify(f"<p>{html}</p>", heading_style="ATX", strip=["img", "script", "style"])).strip()


def _thread(element: Element, place: str) -> DiscussionRecord:
    created, link = moment(_text(element, "createdAt"), "createdAt"), _text(element, "link")
    title = " ".join(_text(element, "title").split())[:TITLE_MAX] or link[:TITLE_MAX] or "Untitled"
    closed = _is_true(element, "isClosed") or _is_true(element, "isDeleted")
    return DiscussionRecord(
        key=f"thread:{_key(element)}",
        title=title,
        body=_markdown(_text(element, "message")) or f"<{link}>" if link else title,
        author=_author(element),
        created_at=created,
        locked_at=created if closed else None,
        place=place,
    )


def _post(element: Element, place: str) -> CommentRecord:
    created = moment(_text(element, "createdAt"), "createdAt")
    parent, thread = element.find(f"{DISQUS}parent"), element.find(f"{DISQUS}thread")
    if not _key(thread):
        raise ValueError("A post names its thread.")
    is_deleted, is_spam = _is_true(element, "isDeleted"), _is_true(element, "isSpam")
    state = "removed" if is_spam else "deleted" if is_deleted else "visible"
    return CommentRecord(
        key=f"post:{_key(element)}",
        discussion=f"thread:{_key(thread)}",
        parent=f"post:{_key(parent)}" if _key(parent) else None,
        body=_markdown(_text(element, "message")) if state != "deleted" else "",
        author=_author(element),
        state=state,
        created_at=created,
        published_at=created,
        deleted_at=created if state == "deleted" else None,
        verdict="Spam where it was said first" if is_spam else "",
        place=place,
    )


READERS: dict[str, Any] = {f"{DISQUS}thread": _thread, f"{DISQUS}post": _post}
