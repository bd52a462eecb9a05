"""What other pages show of tags.

{% load tagging %}
{% tag_list tags thing=discussion may_change=True %}   the tags of a thing, and the way to change them
{% tag_editor %}                                       once, beside a form with a field of tags
{% tag_cloud tags %}                                   tags as large as they are used
"""

from bisect import bisect_left
from collections.abc import Iterable
from typing import Any

from django import template

from lib import targets
from tagging.models import Tag

register = template.Library()

IN_USE = 60
SIZES = 4


@register.inclusion_tag("tagging/_tag_list.html")
def tag_list(tags: Iterable[Tag], thing: Any = None, may_change: bool = False) -> dict[str, Any]:
    target = targets.label_of(thing) if thing is not None else ""
    return {"tags": tags, "thing": thing, "target": target, "may_change": may_change}


@register.inclusion_tag("tagging/_tag_editor.html")
def tag_editor() -> dict[str, Any]:
    """Hold the names in most use, for browsers without a script, and the place where suggestions come from."""
    return {"tags": list(Tag.objects.offered().filter(deprecated_at=None, reserved_at=None).by_use()[:IN_USE])}


@register.inclusion_tag("tagging/_tag_cloud.html")
def tag_cloud(tags: Iterable[Tag]) -> dict[str, Any]:
    """Show tags by name, in four sizes by their rank, so that one giant does not make the rest small."""
    tags = sorted(tags, key=lambda tag: tag.name)
    uses = sorted(tag.usage_count for tag in tags)
    sized = [(tag, 1 + SIZES * bisect_left(uses, tag.usage_count) // len(uses)) for tag in tags]
    return {"sized": sized}


@register.filter
def tags_of(tags: dict[Any, list[Tag]], thing: Any) -> list[Tag]:
    """Return the tags of one thing of a page."""
    return tags.get(thing.pk) or tags.get(targets.place_of(thing)) or []
