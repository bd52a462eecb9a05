"""The menus of each page, as the apps registered them."""

from django import template
from django.template import Context

from lib import navigation

register = template.Library()


@register.simple_tag(takes_context=True)
def links(context: Context, menu: navigation.Menu) -> list[navigation.Link]:
    """Return what this menu shows to whoever asked for this page."""
    return navigation.links(menu, context["request"])
