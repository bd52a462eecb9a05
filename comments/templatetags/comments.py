"""What pages show of comments.

    {% load comments %}
    {% branches nodes %}      comments with what stands below each
    {% said comment %}        one comment by itself
    {% votes comment %}       its votes
    {% left_out node %}       the way to the replies that are not on this page

The page's context has `thing`, `thread` and `sort`.
"""

from collections.abc import Iterable

from django import template
from django.template import Context
from django.utils.safestring import SafeString

from comments.markup import Desk, safe
from comments.models import Comment
from comments.services import Node

register = template.Library()


@register.simple_tag(takes_context=True)
def branches(context: Context, nodes: Iterable[Node]) -> SafeString:
    desk = Desk.of(context)
    return safe("".join([desk.branch(node) for node in nodes]))


@register.simple_tag(takes_context=True)
def said(context: Context, comment: Comment) -> SafeString:
    return safe(Desk.of(context).said(comment))


@register.simple_tag(takes_context=True)
def votes(context: Context, comment: Comment, refusal: str = "") -> SafeString:
    return safe(Desk.of(context).votes(comment, refusal))


@register.simple_tag(takes_context=True)
def left_out(context: Context, node: Node) -> SafeString:
    return safe(Desk.of(context).left_out(node))
