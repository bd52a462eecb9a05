"""Every write about discussions themselves."""

from collections.abc import Collection, Iterable

from django.conf import settings
from django.db import transaction

from comments import rendering, words
from comments.models import Discussion
from comments.services.errors import CommentsError, WordRefused
from comments.services.people import refuse_muted
from comments.services.subscriptions import start_following, thread_of
from quotas import services as quotas
from sessions_app.models import User
from tagging import services as tagging


def open_discussion(
    *, title: str, body: str, tags: Iterable[str] = (), files: Collection[int] = (), by: User
) -> Discussion:
    """Put a discussion on the noticeboard; `body` is Markdown and is rendered here, once. `files` are keys of `by`'s.

    Raise Muted, WordRefused, CommentsError, tagging's NamesRefused for tags that it cannot carry, and quotas'
    NotThere and NotAttachable for files.
    """
    return _hang_up(title=title, body=body, html=rendered(body=body), tags=tags, files=files, by=by)


@transaction.atomic(durable=True)
def _hang_up(*, title: str, body: str, html: str, tags: Iterable[str], files: Collection[int], by: User) -> Discussion:
    refuse_muted(by=by)
    refuse_words(text=f"{title} {body}")
    discussion = Discussion.objects.create(
        title=title,
        body=body,
        body_html=html,
        renderer_version=rendering.VERSION,
        author=by,
    )
    tagging.set_tags(thing=discussion, names=tags, by=by)
    if files:
        quotas.attach_files(file_ids=files, target=discussion, by=by)
    start_following(thread=thread_of(thing=discussion), by=by)
    return discussion


def refuse_words(*, text: str) -> None:
    """Raise WordRefused for a text with a word that is not said here."""
    word = words.find(text, settings.COMMENTS_BANNED_WORDS)
    if word:
        raise WordRefused(f"“{word}” is not said here. Say it in other words.")


def rendered(*, body: str) -> str:
    """Return the HTML of a body; raise CommentsError for one that cannot be laid out. Slow: outside of transactions."""
    try:
        return rendering.render(body)
    except rendering.TooMuch as error:
        raise CommentsError(str(error)) from error
