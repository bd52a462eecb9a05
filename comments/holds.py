"""Which comments wait for a moderator by themselves, and how fast people may post. Plain values in and out."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

NEW_FOR = timedelta(days=7)
SOON = timedelta(seconds=10)
WHILE = timedelta(minutes=10)
POSTS_IN_A_WHILE = 10
REPEATED_WITHIN = timedelta(hours=1)
LINKS_OF_NEW = 0
LINKS = 10


@dataclass(frozen=True, slots=True)
class Habits:
    """What somebody did lately: how long they are here, and their posts of the last ten seconds, minutes, this one."""

    here_for: timedelta
    soon: int = 0
    lately: int = 0
    repeated: bool = False

    @property
    def is_new(self) -> bool:
        return self.here_for < NEW_FOR


def wait_of(habits: Habits) -> timedelta | None:
    """Return how long somebody new has to wait before the next post; None for not at all."""
    if not habits.is_new:
        return None
    if habits.lately >= POSTS_IN_A_WHILE:
        return WHILE
    return SOON if habits.soon else None


def why_held(*, text: str, html: str, habits: Habits, words: Iterable[str]) -> str:
    """Return why a moderator looks at a comment first; "" when nobody has to."""
    links = html.count("<a href=")
    if links > (LINKS_OF_NEW if habits.is_new else LINKS):
        return "It has a link, and its author is new" if habits.is_new else "It has many links"
    if habits.repeated:
        return "Its author said the same before"
    found = set(re.findall(r"\w+", text.casefold()))
    if any(word.casefold() in found for word in words):
        return "It has a word that moderators look at"
    return ""
