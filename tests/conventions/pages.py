"""Rules about views, their addresses and templates."""

import ast
import re
from collections.abc import Sequence

from tests.conventions.source import (
    APPS,
    Function,
    Source,
    body,
    called,
    calls,
    decorators,
    dotted,
    functions,
    imports,
    statements,
    top_functions,
)

METHOD_DECORATORS = {"require_safe", "require_POST", "require_http_methods", "require_GET"}
VIEW_STATEMENTS = 15
VIEW_LINES = 25
# Every view that a stranger may see, and why. The only such list: a view marked public that is not here is refused,
# and so is one that is here and not marked.
PUBLIC = {
    "comments.views.feeds.discussion_feed": "asked by feed readers; the signed key in the address is the proof",
    "comments.views.feeds.discussions_feed": "asked by feed readers; the signed key in the address is the proof",
    "comments.views.feeds.tag_feed": "asked by feed readers; the signed key in the address is the proof",
    "config.api.answer": "each operation of the JSON API asks for a token or a session of its own",
    "config.api_docs.docs": "how to use the API is no secret",
    "config.api_docs.openapi": "how to use the API is no secret",
    "config.health.healthz": "asked by machines that have no account",
    "config.health.readyz": "asked by machines that have no account",
    "config.metrics.metrics": "answers only the networks of METRICS_ALLOWED",
    "config.views.home": "says what this hall is, and where to sign in",
    "emailqueue.views.unsubscribe": "opened from a mail on whatever device; the signed link is the proof (RFC 8058)",
    "emailqueue.views.postmark_reports": "asked by a provider, which proves itself by a password",
    "emailqueue.views.sendgrid_reports": "asked by a provider, which signs what it sends",
    "emailqueue.views.ses_reports": "asked by a provider, which signs what it sends",
    "idempotency.views.policy": "a server publishes its policy about keys (IETF draft, section 2.5)",
    "featureflags.views.evaluate_one": "asked by programs; the API token in the header is looked at first",
    "featureflags.views.evaluate_all": "asked by programs; the API token in the header is looked at first",
    "preferences.views.appearance": "strangers have eyes too: a theme needs no account",
    "preferences.views.theme": "the form behind it",
    "sessions_app.views.not_me": "opened from a mail on whatever device the mail is read; the signed link is the proof",
}
# Views without a CSRF token, and why another site gains nothing; each is the target of a form listed below.
WITHOUT_TOKEN = {
    "emailqueue.views.unsubscribe": "a mail program has no cookie; all that the signed link can do is to stop mail",
    "emailqueue.views.postmark_reports": "no cookie counts there, only the provider's password",
    "emailqueue.views.sendgrid_reports": "no cookie counts there, only the provider's signature",
    "emailqueue.views.ses_reports": "no cookie counts there, only the provider's signature",
    "config.api_docs.docs": "only says to a post that there is none, in words for programs",
    "config.api_docs.openapi": "only says to a post that there is none, in words for programs",
    "featureflags.views.evaluate_one": "no cookie counts there, only a bearer token",
    "featureflags.views.evaluate_all": "no cookie counts there, only a bearer token",
    "preferences.views.theme": "a token would keep public pages out of caches; foreign senders are refused",
}
FORMS_WITHOUT_TOKEN = {"templates/preferences/_theme_control.html"}
# Templates that print markup as it is, and where that markup comes from.
UNESCAPED = {
    "templates/django/forms/_field_help.html": "help texts are written by code; a password validator's is a list",
}
WRITES = {
    *("save", "create", "bulk_create", "bulk_update", "get_or_create", "update_or_create"),
    *("select_for_update", "atomic", "on_commit"),
}


def views_name_their_methods(sources: Sequence[Source]) -> list[str]:
    """Every view that urls.py names is a function of our own that says which HTTP methods it takes."""
    views = {f"{source.module}.{function.name}": function for source in sources for function in _views_of(source)}
    found = []
    for source in sources:
        if not (source.is_ours and source.role == "urls"):
            continue
        modules = {name: imported.module for imported in imports(source) for name in imported.names}
        for call in calls(source.tree):
            if called(call) not in {"path", "re_path"} or len(call.args) < 2:
                continue
            target = call.args[1]
            head, _, rest = dotted(target).partition(".")
            if head == "include" or rest in {"site.urls", "urls"}:
                continue
            if called_as_view(target):
                found.append(source.at(call, f"{dotted(target)}: views are functions"))
                continue
            full = (
                ".".join(filter(None, [modules.get(head, head), rest])) if rest else _full(modules.get(head, ""), head)
            )
            if full not in views:
                found.append(source.at(call, f"{dotted(target) or 'this view'} is not a function of our views"))
            elif not decorators(views[full]) & METHOD_DECORATORS:
                found.append(f"{_where(sources, full)} {full} does not say which methods it takes")
    return sorted(set(found))


def called_as_view(target: ast.expr) -> bool:
    return isinstance(target, ast.Call) and called(target) == "as_view"


def _full(module: str, name: str) -> str:
    return module if module.endswith(f".{name}") else f"{module}.{name}"


def _views_of(source: Source) -> list[Function]:
    return top_functions(source) if source.is_ours else []


def _where(sources: Sequence[Source], full: str) -> str:
    module, _, name = full.rpartition(".")
    source = next(source for source in sources if source.module == module)
    return source.at(next(each for each in top_functions(source) if each.name == name), "").strip()


def public_views_are_listed(sources: Sequence[Source]) -> list[str]:
    marked = {
        f"{source.module}.{function.name}": source.at(function, "")
        for source in sources
        if source.is_ours
        for function in functions(source.tree)
        if "login_not_required" in decorators(function)
    }
    modules = {source.module for source in sources}
    missing = [
        f"{name.replace('.', '/')}:1 is on the public list and is not marked @login_not_required"
        for name in PUBLIC
        if name not in marked and name.rpartition(".")[0] in modules
    ]
    return [
        f"{where}{name} is public and not on the list" for name, where in marked.items() if name not in PUBLIC
    ] + missing


def exemptions_from_tokens_are_listed(sources: Sequence[Source]) -> list[str]:
    return [
        source.at(function, f"{function.name}() takes posts without a CSRF token and is on no list")
        for source in sources
        if source.is_ours
        for function in functions(source.tree)
        if "csrf_exempt" in decorators(function) and f"{source.module}.{function.name}" not in WITHOUT_TOKEN
    ]


def public_is_said_by_the_decorator(sources: Sequence[Source]) -> list[str]:
    return [
        source.at(node, "sets login_required by hand; use @login_not_required")
        for source in sources
        if source.is_ours
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Attribute) and node.attr == "login_required" and isinstance(node.ctx, ast.Store)
    ]


def views_are_short(sources: Sequence[Source]) -> list[str]:
    found = []
    for source in sources:
        if not (source.is_ours and source.role == "views"):
            continue
        for function in top_functions(source):
            length = (function.end_lineno or 0) - body(function)[0].lineno + 1
            if statements(function) > VIEW_STATEMENTS or length > VIEW_LINES:
                found.append(source.at(function, f"{function.name}() has {statements(function)} statements"))
    return found


def views_read_by_adjective(sources: Sequence[Source]) -> list[str]:
    """Views read through the adjectives of a QuerySet: never everything, and of other apps nothing by hand."""
    found = []
    for source in sources:
        if not (source.is_ours and source.role in {"views", "api"}):
            continue
        foreign = {
            name for imported in imports(source) if imported.app in APPS - {source.app} for name in imported.names
        }
        for call in calls(source.tree):
            name = dotted(call.func)
            if name.endswith(".objects.all"):
                found.append(source.at(call, f"{name}() reads everything"))
            elif name.split(".")[0] in foreign and re.search(r"\.objects\.(filter|exclude|raw|extra|values)$", name):
                found.append(source.at(call, f"{name}() looks into another app's table; ask its QuerySet"))
    return found


def views_write_nothing(sources: Sequence[Source]) -> list[str]:
    return [
        source.at(call, f"{called(call)}() in a view; a service writes")
        for source in sources
        if source.is_ours and source.role in {"views", "api"}
        for call in calls(source.tree)
        if called(call) in WRITES and "services" not in dotted(call.func)
    ]


# --- Templates --------------------------------------------------------------------------------------------

# HTML mail has no other place for its style.
MAIL = re.compile(r"(^|/)(mails?|email)/|_mail\.html$|_message\.html$")
INLINE = {
    r"<script(?![^>]*\bsrc\s*=)(?![^>]*\btype\s*=\s*\"application/(ld\+)?json\")": "an inline script",
    r"<style\b": "an inline style sheet",
    r"<[^>]*\sstyle\s*=": "a style attribute",
    r"<[^>]*\s(on[a-z]+|hx-on[:\w-]*)\s*=": "a script in an attribute",
    r"javascript\s*:": "a script in an address",
}
RAW = re.compile(r"\|\s*safe\b|{%\s*autoescape\s+off")


def templates_hold_no_code(sources: Sequence[Source]) -> list[str]:
    return [
        source.at(source.text.count("\n", 0, match.start()) + 1, f"has {name}")
        for source in sources
        if source.is_template and source.app not in {"tests", "bench", "docs"} and not MAIL.search(source.path)
        for pattern, name in INLINE.items()
        for match in re.finditer(pattern, _without_comments(source.text), re.IGNORECASE)
    ]


def templates_escape(sources: Sequence[Source]) -> list[str]:
    return [
        source.at(source.text.count("\n", 0, match.start()) + 1, "has text that is not escaped")
        for source in sources
        if source.is_template and source.path not in UNESCAPED
        for match in RAW.finditer(_without_comments(source.text))
    ]


def forms_carry_their_token(sources: Sequence[Source]) -> list[str]:
    return [
        source.at(source.text.count("\n", 0, match.start()) + 1, "a form that posts has no csrf_token")
        for source in sources
        if source.is_template and source.path not in FORMS_WITHOUT_TOKEN
        for match in re.finditer(r"<form\b(?:[^>]|%>)*?method=[\"']?post.*?(?:</form>|\Z)", source.text, re.I | re.S)
        if "csrf_token" not in match.group(0)
    ]


def forms_carry_their_key(sources: Sequence[Source]) -> list[str]:
    """A form that posts has an idempotency key; allauth's own form element counts as the form it makes."""
    return [
        source.at(source.text.count("\n", 0, match.start()) + 1, "a form that posts has no idempotency_key")
        for source in sources
        if source.is_template
        for match in re.finditer(
            r"<form\b(?:[^>]|%>)*?method=[\"']?(?:post|{{).*?(?:</form>|\Z)", source.text, re.I | re.S
        )
        if "{% idempotency_key %}" not in match.group(0)
    ]


def _without_comments(text: str) -> str:
    """Blank out what no browser sees, and keep the line numbers."""
    pattern = r"{#.*?#}|{%\s*comment\b.*?{%\s*endcomment\s*%}|<!--.*?-->"
    return re.sub(pattern, lambda match: "\n" * match.group(0).count("\n"), text, flags=re.S)
