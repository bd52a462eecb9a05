"""Which comments wait for a moderator by themselves, and how fast people may post. Plain values in and out."""

from dataclasses import dataclass
from datetime import timedelta

NEW_FOR = timedelta(days=7)
SOON = timedelta(seconds=10)
WHILE = timedelta(minutes=10)
POSTS_IN_A_WHILE = 10
REPEATED_WITHIN = timedelta(hours=1)
LINKS_OF_NEW = 0
LINKS = 10
# A thread is heated when so many comments came within `WHILE`; below `DEEP` each level costs one `STEP` more.
HEATED = 20
DEEP = 4
STEP = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Habits:
    """What somebody did lately: how long they are here, and their posts of the last ten seconds, minutes, this one."""

    here_for: timedelta
    soon: int = 0
    lately: int = 0
    repeated: bool = False
    # In the thread where it would stand: comments of everybody, how deep, and since when theirs stands there.
    heat: int = 0
    depth: int = 1
    since: timedelta | None = None

    @property
    def is_new(self) -> bool:
        return self.here_for < NEW_FOR


def wait_of(habits: Habits) -> timedelta | None:
    """Return how long they have to wait before the next post; None for not at all.

    Somebody new is slowed down everywhere; everybody is deep in a heated thread, the more the deeper.
    """
    if habits.is_new and habits.lately >= POSTS_IN_A_WHILE:
        return WHILE
    if habits.is_new and habits.soon:
        return SOON
    if habits.heat < HEATED or habits.since is None:
        return None
    left = STEP * max(habits.depth - DEEP, 0) - habits.since
    return left if left > timedelta() else None


def why_held(*, html: str, habits: Habits, has_word: bool) -> str:
    """Return why a moderator looks at a comment first; "" when nobody has to. `has_word`: one that they look at."""
    links = html.count("<a href=")
    if links > (LINKS_OF_NEW if habits.is_new else LINKS):
        return "It has a link, and its author is new" if habits.is_new else "It has many links"
    if habits.repeated:
        return "Its author said the same before"
    if has_word:
        return "It has a word that moderators look at"
    return ""
