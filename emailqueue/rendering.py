"""A mail's text and HTML from one template: templates/emailqueue/email/<name>.html, autoescaped, dark mode included.

What a template asks for and nobody gave is an error here, where the mail is asked for, and not when it is sent.
"""

from typing import Any, NamedTuple

from django.conf import settings
from django.template import Context, Engine, TemplateDoesNotExist, TemplateSyntaxError
from django.template.base import Template
from django.template.defaulttags import ForNode

from emailqueue.plaintext import plain_text


class TemplateInvalid(ValueError):
    """The template is not there, or cannot be filled with these variables; the message says what is missing."""


class Rendered(NamedTuple):
    text: str
    html: str


class _Missing(str):
    """What Django writes in the place of a variable that is not there; ours does not write."""

    def __contains__(self, part: object) -> bool:
        return True

    def __mod__(self, name: object) -> str:
        raise TemplateInvalid(f"The template asks for {name}, which was not given.")


def _engine() -> Engine:
    # Each process makes it once; templates are cached inside of it.
    if not _engines:
        configured: dict[str, Any] = settings.TEMPLATES[0]
        _engines.append(
            Engine(
                dirs=configured["DIRS"],
                app_dirs=configured["APP_DIRS"],
                string_if_invalid=_Missing("%s"),
                libraries={},
            )
        )
    return _engines[0]


_engines: list[Engine] = []


def _check_loops(template: Template, given: set[str]) -> None:
    """Refuse a loop over something that was not given, which Django takes for an empty list."""
    loops: list[Any] = list(template.nodelist.get_nodes_by_type(ForNode))
    given = given | {"forloop"} | {name for loop in loops for name in loop.loopvars}
    for loop in loops:
        lookups = getattr(loop.sequence.var, "lookups", None)
        if lookups and lookups[0] not in given:
            raise TemplateInvalid(f"The template asks for {lookups[0]}, which was not given.")


def render(*, template: str, subject: str, variables: dict[str, Any]) -> Rendered:
    """Return the mail in both forms. Raise TemplateInvalid."""
    if not template.isidentifier():
        raise TemplateInvalid("A template is named with letters, digits and underscores.")
    context = Context({"hall": settings.HALL_NAME, "subject": subject} | variables)
    try:
        found = _engine().get_template(f"emailqueue/email/{template}.html")
        _check_loops(found, {str(name) for name in context.flatten()})
        html = found.render(context)
    except TemplateDoesNotExist as error:
        raise TemplateInvalid(f"There is no template {template}.") from error
    except TemplateSyntaxError as error:
        raise TemplateInvalid(f"The template {template} is not well formed: {error}") from error
    return Rendered(plain_text(html), html)
