"""Every write about discussions themselves."""

from django.db import transaction

from comments import rendering
from comments.models import Discussion
from comments.services.errors import CommentsError
from sessions_app.models import User


def open_discussion(*, title: str, body: str, by: User) -> Discussion:
    """Put a discussion on the noticeboard; `body` is Markdown and is rendered here, once. Raise CommentsError."""
    html = rendered(body=body)
    return _hang_up(title=title, body=body, html=html, by=by)


@transaction.atomic(durable=True)
def _hang_up(*, title: str, body: str, html: str, by: User) -> Discussion:
    return Discussion.objects.create(
        title=title,
        body=body,
        body_html=html,
        renderer_version=rendering.VERSION,
        author=by,
    )


def rendered(*, body: str) -> str:
    """Return the HTML of a body; raise CommentsError for one that cannot be laid out. Slow: outside of transactions."""
    try:
        return rendering.render(body)
    except rendering.TooMuch as error:
        raise CommentsError(str(error)) from error
