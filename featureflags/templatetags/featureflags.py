"""`{% flag "key" %}...{% else %}...{% endflag %}` and `{% flag_value "key" default="" as name %}`."""

from typing import Any

from django import template
from django.template import Context, Node, NodeList, TemplateSyntaxError
from django.template.base import FilterExpression, Parser, Token, token_kwargs

from featureflags import decisions

register = template.Library()


class FlagNode(Node):
    child_nodelists = ("on", "off")

    def __init__(self, key: FilterExpression, default: FilterExpression | None, on: NodeList, off: NodeList) -> None:
        self.key, self.default, self.on, self.off = key, default, on, off

    def render(self, context: Context) -> str:
        default = bool(self.default.resolve(context)) if self.default else False
        on = decisions.enabled(str(self.key.resolve(context)), context.get("request"), default=default)
        return (self.on if on else self.off).render(context)


@register.tag
def flag(parser: Parser, token: Token) -> FlagNode:
    """Show what stands inside when a boolean flag is on; `default=True` holds while there is no such flag."""
    _, *words = token.split_contents()
    options = token_kwargs(words[1:], parser)
    if not words or len(words) > 2 or set(options) - {"default"} or (len(words) == 2 and not options):
        raise TemplateSyntaxError('{% flag %} takes a key and a default: {% flag "new_home" default=True %}')
    on = parser.parse(("else", "endflag"))
    off = NodeList()
    if parser.next_token().contents == "else":
        off = parser.parse(("endflag",))
        parser.delete_first_token()
    return FlagNode(parser.compile_filter(words[0]), options.get("default"), on, off)


@register.simple_tag(takes_context=True)
def flag_value(context: Context, key: str, default: Any = None) -> Any:
    """Return the value of a flag's variant for whoever reads this page."""
    return decisions.value(key, context.get("request"), default=default)
