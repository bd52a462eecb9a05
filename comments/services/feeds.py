"""Feed addresses: signed, for reading only, made anew by their person, which shuts those before."""

from typing import Any

from django.core import signing
from django.db import connection, transaction

from comments.models import Comment, Discussion, FeedKey, Thread
from sessions_app.models import User
from tagging import services as tagging

SALT = "comments.feeds"
ENTRIES = 50

# One statement, so that two presses at once are two versions, and the later address counts.
RENEW = """
INSERT INTO comments_feedkey (user_id, version) VALUES (%s, 1)
ON CONFLICT (user_id) DO UPDATE SET version = comments_feedkey.version + 1 RETURNING version
"""


def feed_key(*, user: User) -> str:
    """Return the key in the addresses of this person's feeds, or "" when they made none."""
    row = FeedKey.objects.filter(user=user).first()
    return signing.dumps([user.pk, row.version], salt=SALT) if row else ""


@transaction.atomic(durable=True)
def renew_feed_key(*, by: User) -> str:
    """Make a new key and shut the one before; return it."""
    with connection.cursor() as cursor:
        cursor.execute(RENEW, [by.pk])
        return signing.dumps([by.pk, cursor.fetchone()[0]], salt=SALT)


def reader_of(*, key: str) -> User | None:
    """Return whose key this is; None for one that was made up or shut, and for who may not sign in any more."""
    try:
        user_id, version = signing.loads(key, salt=SALT)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    if not FeedKey.objects.filter(user=user_id, version=version).exists():
        return None
    return User.objects.filter(pk=user_id, is_active=True).first()


def newest_discussions(*, user: User) -> list[Discussion]:
    """Return the latest discussions that a reader may see."""
    rows = Discussion.objects.visible_to(user).with_authors()
    return list(rows.order_by("-created_at", "-pk")[:ENTRIES])


def newest_comments(*, discussion: Discussion, user: Any) -> list[Comment]:
    """Return the latest comments on a discussion that its reader may see, by when others could read them first."""
    rows = Comment.objects.filter(thread__in=Thread.objects.on(discussion)).select_related("author")
    # Two halves of one statement, for each has an index of its own.
    public = rows.visible().order_by("-published_at", "-pk")[:ENTRIES]
    own = rows.filter(Comment.objects.shadowed_of(user)).order_by("-pk")[:ENTRIES]
    found = sorted(
        public.union(own, all=True), key=lambda row: (row.published_at or row.created_at, row.pk), reverse=True
    )
    return found[:ENTRIES]


def newest_tagged(*, address: str, user: Any) -> list[Discussion]:
    """Return the latest discussions with all tags of an address. Raise tagging's UnknownTag."""
    wanted = tagging.Wanted(tagging.read_address(address=address))
    found = tagging.find(wanted=wanted, user=user, models=[Discussion], limit=ENTRIES)
    return list(found.things)
