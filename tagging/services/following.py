"""Who follows a tag, who does not want to see it, and what is new for those who follow."""

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.utils import timezone

from lib import targets
from tagging.models import Item, Tag, TagFollow

# What is older when it gets its tags came with an import, or is no news any more.
NEWS_FOR = timedelta(days=7)

FOLLOWERS_WITH_NEWS = """
SELECT DISTINCT f.user_id FROM tagging_item AS i
JOIN tagging_tagfollow AS f ON f.tag_id = ANY(i.tag_ids) AND f.kind = 'follow' AND f.told_at < i.at
WHERE i.at > %(since)s AND i.at <= %(until)s
"""
NEWS_OF_PERSON = """
SELECT i.content_type_id, i.object_id, array_agg(f.tag_id) FROM tagging_item AS i
JOIN tagging_tagfollow AS f ON f.tag_id = ANY(i.tag_ids) AND f.kind = 'follow' AND f.told_at < i.at
WHERE f.user_id = %(user)s AND i.at > %(since)s AND i.at <= %(until)s AND NOT i.tag_ids && ARRAY(
    SELECT m.tag_id FROM tagging_tagfollow AS m WHERE m.user_id = %(user)s AND m.kind = 'mute')
GROUP BY i.id ORDER BY i.at DESC, i.id DESC LIMIT %(limit)s
"""


class News(NamedTuple):
    """A thing that is new under tags that somebody follows."""

    thing: Any
    tags: list[Tag]


def follow_tag(*, tag: Tag, kind: str, by: Any) -> None:
    """Let a person follow or mute a tag, in the place of what they chose before."""
    rows = TagFollow.objects.of_person(by).filter(tag=tag)
    if not rows.exclude(kind=kind).update(kind=kind, merge=None, told_at=timezone.now()):
        TagFollow.objects.update_or_create(user=by, tag=tag, defaults={"kind": kind, "merge": None})


def unfollow_tag(*, tag: Tag, by: Any) -> bool:
    """Let a person neither follow nor mute a tag; return False when they did neither."""
    return bool(TagFollow.objects.filter(user=by, tag=tag).delete()[0])


def chosen_tags(*, user: Any) -> tuple[list[Tag], list[Tag]]:
    """Return the tags that a person follows, and those that they muted."""
    rows = list(TagFollow.objects.of_person(user).select_related("tag").order_by("tag__name"))
    by_kind = {kind: [row.tag for row in rows if row.kind == kind] for kind in TagFollow.Kind.values}
    return by_kind[TagFollow.Kind.FOLLOW], by_kind[TagFollow.Kind.MUTE]


def followers_with_news(*, until: datetime) -> set[int]:
    """Return who may have to be told of something that was made by then under a tag that they follow."""
    with connection.cursor() as cursor:
        cursor.execute(FOLLOWERS_WITH_NEWS, {"since": until - NEWS_FOR, "until": until})
        return {user_id for (user_id,) in cursor.fetchall()}


@transaction.atomic(savepoint=False)
def take_news(*, user: Any, until: datetime, limit: int) -> list[News]:
    """Return what was made by then under the tags that somebody follows, the newest first, and count it as told.

    Without what they muted, may not see or made themselves. In the caller's transaction, which tells it.
    """
    with connection.cursor() as cursor:
        values = {"user": user.pk, "since": until - NEWS_FOR, "until": until, "limit": limit}
        cursor.execute(NEWS_OF_PERSON, values)
        rows = cursor.fetchall()
    TagFollow.objects.of_person(user).filter(kind=TagFollow.Kind.FOLLOW, told_at__lt=until).update(told_at=until)
    tags = Tag.objects.in_bulk({pk for _, _, carried in rows for pk in carried})
    things = targets.load([(kind, pk) for kind, pk, _ in rows], relation=Item, user=user)
    return [
        News(things[kind, pk], sorted((tags[each] for each in carried), key=lambda tag: tag.name))
        for kind, pk, carried in rows
        if (kind, pk) in things and things[kind, pk].owner_id != user.pk
    ]
