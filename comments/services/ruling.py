"""What becomes of words before they stand: refused, held for a moderator, or seen by others at once."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from django.conf import settings

from comments import checks, rendering, words
from comments.holds import Habits, why_held
from comments.models import Comment
from comments.services.errors import CommentsError, WordRefused
from sessions_app.models import User

State = Comment.State

LIMITED = "Its author is limited"


class Words(NamedTuple):
    """What is said, rendered, and why the hall's own service wants a moderator to look at it first."""

    body: str
    html: str
    asked: str
    title: str = ""
    tags: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """All of it, in which words are looked for."""
        return " ".join([self.title, self.body, *self.tags])


class Ruling(NamedTuple):
    """What becomes of words: whether others see them at once, why not, and whether their author is told."""

    state: str
    verdict: str = ""
    is_shadowed: bool = False


def rendered(*, body: str) -> str:
    """Return the HTML of a body; raise CommentsError for one that cannot be laid out. Slow: outside of transactions."""
    try:
        return rendering.render(body)
    except rendering.TooMuch as error:
        raise CommentsError(str(error)) from error


def weigh(*, body: str, by: User, title: str = "", tags: Iterable[str] = (), **place: Any) -> Words:
    """Render what somebody says, and ask the hall's own service about it. Slow: outside of transactions.

    `place` is what the service is told of where it would stand. Raise CommentsError for what cannot be laid out.
    """
    html = rendered(body=body)
    author = {"id": by.pk, "name": by.display_name, "joined_at": by.joined_at.isoformat()}
    told = {"title": title} if title else {}
    asked = checks.why_held(data={**told, "body": body, "html": html, "author": author, **place})
    return Words(body, html, asked, title, tuple(tags))


def rule(*, said: Words, habits: Habits, is_limited: bool, looked_at_first: bool = False) -> Ruling:
    """Return whether a moderator looks at it first, and why; raise WordRefused."""
    word = words.find(said.text, settings.COMMENTS_BANNED_WORDS)
    if word:
        raise WordRefused(f"“{word}” is not said here. Say it in other words.")
    has_word = bool(words.find(said.text, settings.COMMENTS_HELD_WORDS))
    verdict = why_held(html=said.html, habits=habits, has_word=has_word) or said.asked
    if verdict:
        return Ruling(State.HELD, verdict)
    if looked_at_first:
        return Ruling(State.PENDING)
    return Ruling(State.HELD, LIMITED, is_shadowed=True) if is_limited else Ruling(State.VISIBLE)
