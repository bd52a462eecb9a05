"""The buttons under a thing.

    {% load likes %}
    {% reactions discussion standing %}

`standing` is from `likes.services.standings(things=..., user=...)`: two statements for all things of a page.
"""

from typing import Any

from django import template
from django.template import Context

from lib import targets
from likes.services import Standing

register = template.Library()


@register.inclusion_tag("likes/_reactions.html", takes_context=True)
def reactions(context: Context, thing: Any, standing: Standing) -> dict[str, Any]:
    """Show what was said to a thing and, to whom is signed in, the buttons to say it."""
    request = context["request"]
    return {
        "request": request,
        "csrf_token": context.get("csrf_token"),
        "user": request.user,
        "thing": thing,
        "standing": standing,
        "target": targets.label_of(thing),
        "next": request.get_full_path() if request.method in ("GET", "HEAD") else "",
    }


@register.filter
def tally(standing: Standing | None) -> str:
    """Return what a list says of one thing: "3 likes", or "" for none."""
    count = standing.counts.get("like", 0) if standing else 0
    return f"{count:,} like{'' if count == 1 else 's'}" if count else ""


@register.filter
def standing_of(standings: dict[int, Standing], thing: Any) -> Standing | None:
    return standings.get(thing.pk)
