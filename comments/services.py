"""Every write about discussions."""

from collections.abc import Iterable

from django.db import transaction

from comments import rendering
from comments.models import Discussion
from sessions_app.models import User
from tagging import services as tagging


class CommentsError(Exception):
    """A rule of this app refused the request; the message is for the person."""


@transaction.atomic(durable=True)
def open_discussion(*, title: str, body: str, tags: Iterable[str] = (), by: User) -> Discussion:
    """Put a discussion on the noticeboard; `body` is Markdown and is rendered here, once.

    Raise tagging's NamesRefused for tags that it cannot carry.
    """
    discussion = Discussion.objects.create(
        title=title,
        body=body,
        body_html=rendering.render(body),
        renderer_version=rendering.VERSION,
        author=by,
    )
    tagging.set_tags(thing=discussion, names=tags, by=by)
    return discussion
