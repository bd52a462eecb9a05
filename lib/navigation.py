"""The ways into the hall that each page shows: apps register theirs in `ready()`, so no template names an app.

    navigation.register("hall", Entry("Discussions", "comments:discussions", place=20))

`hall` is the bar of the header, at the thumb on a phone; `account` is the menu under a person's initials, for what is
about themselves. How many entries fit beside each other is the style sheet's matter: the rest stands under "More".
"""

from bisect import insort
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from django.http import HttpRequest
from django.urls import reverse

Menu = Literal["hall", "account"]
# What still fits five times into the bar of a phone.
NAME_MAX = 14


def members(user: Any) -> bool:
    return bool(user.is_authenticated)


def everybody(user: Any) -> bool:
    return True


@dataclass(frozen=True)
class Entry:
    """A name and the route that it leads to; a lower `place` stands further left, or further up.

    `shown_to(user)` asks nothing of a database: it runs for each page. Pages below the entry's own address, and those
    of `namespace`, count as being there.
    """

    name: str
    route: str
    place: int = 50
    shown_to: Callable[[Any], bool] = members
    namespace: str = ""


class Link(NamedTuple):
    """An entry on one page; `current` is the value of aria-current: "page", "true" for a page below, or ""."""

    name: str
    url: str
    current: str


_entries: dict[Menu, list[Entry]] = {"hall": [], "account": []}


def register(menu: Menu, entry: Entry) -> None:
    """Add an entry; among those of one place the first stays first. Raise ValueError for a name that cannot be."""
    if not 0 < len(entry.name) <= NAME_MAX:
        raise ValueError(f"{entry.name!r} is not between 1 and {NAME_MAX} characters long")
    entries = _entries[menu]
    if entry in entries:
        return
    if any(entry.name == other.name for other in entries):
        raise ValueError(f"an entry named {entry.name!r} is registered already")
    insort(entries, entry, key=lambda each: each.place)


def unregister(menu: Menu, name: str) -> None:
    _entries[menu] = [entry for entry in _entries[menu] if entry.name != name]


def links(menu: Menu, request: HttpRequest) -> list[Link]:
    """Return what the menu shows to this person on this page."""
    return [_link(entry, request) for entry in _entries[menu] if entry.shown_to(request.user)]


def _link(entry: Entry, request: HttpRequest) -> Link:
    url, path = reverse(entry.route), request.path
    found = request.resolver_match
    # Everything is below the home page.
    below = path.startswith(f"{url.rstrip('/')}/") and url.count("/") > 1
    if path == url:
        current = "page"
    elif below or (entry.namespace and found and entry.namespace in found.namespaces):
        current = "true"
    else:
        current = ""
    return Link(entry.name, url, current)
