"""Who follows a tag, and who does not want to see it."""

from typing import Any

from tagging.models import Tag, TagFollow


def follow_tag(*, tag: Tag, kind: str, by: Any) -> None:
    """Let a person follow or mute a tag, in the place of what they chose before."""
    TagFollow.objects.update_or_create(user=by, tag=tag, defaults={"kind": kind, "merge": None})


def unfollow_tag(*, tag: Tag, by: Any) -> bool:
    """Let a person neither follow nor mute a tag; return False when they did neither."""
    return bool(TagFollow.objects.filter(user=by, tag=tag).delete()[0])


def chosen_tags(*, user: Any) -> tuple[list[Tag], list[Tag]]:
    """Return the tags that a person follows, and those that they muted."""
    rows = list(TagFollow.objects.of_person(user).select_related("tag").order_by("tag__name"))
    by_kind = {kind: [row.tag for row in rows if row.kind == kind] for kind in TagFollow.Kind.values}
    return by_kind[TagFollow.Kind.FOLLOW], by_kind[TagFollow.Kind.MUTE]
