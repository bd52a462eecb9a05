"""Rules about who may know whom: direction between apps, what each file may import, and keys between tables."""

import ast
from collections.abc import Sequence

from tests.conventions.source import APPS, LEVEL, Source, called, calls, dotted, imports, keywords

# What other apps may import of an app; its template tags are for templates.
PUBLIC_FACE = {"models", "services", "signals"}
# Modules that say only what a type is, for annotations.
TYPES = {"requests"}
# What every app above stands on, whatever the file: docs/adr/0015.
TOOLS = {"idempotency.decorators", "idempotency.phases", "idempotency.policies", "sessions_app.api_auth"}
# Packages that are themselves what others ask: `featureflags.enabled("key", request)`.
ASKED_BY_NAME = {"featureflags"}
# Modules that take and return plain values.
ENGINES = {
    "idempotency.fingerprints",
    "idempotency.keys",
    "sessions_app.clients",
    "featureflags.evaluation",
    "quotas.allowance",
    "quotas.history",
    "quotas.names",
    "quotas.pictures",
    "quotas.ranges",
    "quotas.tus",
    "quotas.windows",
    "comments.holds",
    "comments.rendering",
    "comments.scores",
    "likes.kinds",
    "tagging.addresses",
    "tagging.names",
    "bookings.availability",
    "payments.allocation",
    "webhooks.addresses",
    "webhooks.fairness",
    "webhooks.headers",
    "webhooks.health",
    "webhooks.identifiers",
    "webhooks.ladder",
    "webhooks.limits",
    "webhooks.signatures",
    "emailqueue.addresses",
    "emailqueue.bounces",
    "emailqueue.composition",
    "emailqueue.drafts",
    "emailqueue.plaintext",
}
IMPURE = {"django", "celery", "redis", "psycopg", "allauth"}
OUTERMOST = {"views", "urls", "api", "admin", "commands", "management", "templatetags", "apps", "migrations"}
INWARD = {"forms", "receivers", "tasks", "delivery"}
# Of one's own app a file imports what is neither on its list here nor a template tag, command or migration.
NOT_OF_OWN = {
    "models": OUTERMOST | INWARD | {"services", "signals"},
    "services": OUTERMOST | INWARD,
    "forms": OUTERMOST | INWARD - {"forms"} | {"services", "signals"},
    "views": OUTERMOST - {"views"} | INWARD - {"forms"} | {"signals"},
    "urls": OUTERMOST - {"views", "api"} | INWARD | {"services", "signals", "models"},
    "api": OUTERMOST - {"api"} | INWARD - {"forms"} | {"signals"},
    "admin": OUTERMOST - {"admin"} | INWARD - {"forms"} | {"signals"},
    # Of a queue app a command and a task run the same sweep.
    "commands": OUTERMOST - {"commands", "management"} | INWARD - {"delivery"} | {"signals"},
    "signals": OUTERMOST | INWARD | {"models", "services"},
    "receivers": OUTERMOST | INWARD,
    "tasks": OUTERMOST | INWARD - {"delivery"} | {"models", "signals"},
    "delivery": OUTERMOST | INWARD - {"delivery"} | {"services"},
    "templatetags": OUTERMOST - {"templatetags"} | INWARD | {"signals"},
    "apps": (OUTERMOST | INWARD) - {"receivers"},
}
NOT_OF_OWN_ELSEWHERE = OUTERMOST | INWARD
# Of lower apps: nothing but this.
OF_LOWER = {
    "services": {"models", "services"},
    "views": {"models", "services"},
    "api": {"models", "services"},
    "receivers": {"models", "signals"},
    "apps": {"services"},
}
# What lib may know of a database: how to ask whatever it is given.
QUESTIONS = {"Exists", "OuterRef", "Q", "QuerySet"}
OF_LOWER_NOTHING = {"models", "forms", "urls", "admin", "commands", "signals", "tasks", "delivery", "templatetags"}


def imports_point_down(sources: Sequence[Source]) -> list[str]:
    found = []
    for source in sources:
        if not (source.is_python and source.app in LEVEL):
            continue
        for imported in imports(source):
            if imported.app == source.app or imported.app not in LEVEL:
                continue
            if imported.app == "config":
                found.append(source.at(imported.line, "imports config, which nothing may import"))
            elif LEVEL[imported.app] == LEVEL[source.app]:
                found.append(source.at(imported.line, f"imports {imported.app}, which stands on the same line"))
            elif LEVEL[imported.app] > LEVEL[source.app]:
                found.append(source.at(imported.line, f"imports {imported.app}, which stands above {source.app}"))
    return found


def lib_stands_alone(sources: Sequence[Source]) -> list[str]:
    found = []
    for source in sources:
        if not (source.is_python and source.app == "lib"):
            continue
        for imported in imports(source):
            if imported.app in APPS | {"config"}:
                found.append(source.at(imported.line, f"lib imports the app {imported.app}"))
            elif imported.module == "django.db.models" and set(imported.names) <= QUESTIONS:
                continue
            elif imported.module in {"django.db", "django.db.models", "django.apps"} and "models" in (
                *imported.names,
                imported.module.rpartition(".")[2],
            ):
                found.append(source.at(imported.line, "lib imports models"))
            elif imported.module == "django.conf":
                found.append(source.at(imported.line, "lib imports the settings"))
    return found


def files_import_what_is_theirs(sources: Sequence[Source]) -> list[str]:
    queues = {source.app for source in sources if source.role == "delivery"}
    found = []
    for source in sources:
        if not source.is_ours or source.app not in APPS:
            continue
        for imported in imports(source):
            if imported.app == source.app:
                forbidden = NOT_OF_OWN.get(source.role, NOT_OF_OWN_ELSEWHERE)
                if source.role == "services" and source.app in queues:
                    forbidden = forbidden - {"tasks"}
                if imported.role in forbidden - {source.role}:
                    found.append(source.at(imported.line, f"{source.role} imports {imported.role} of its app"))
            elif imported.module in ASKED_BY_NAME | TOOLS:
                continue
            elif imported.app in APPS:
                allowed = set() if source.role in OF_LOWER_NOTHING else OF_LOWER.get(source.role, PUBLIC_FACE)
                if imported.role not in allowed | TYPES:
                    found.append(source.at(imported.line, f"{source.role} imports {imported.module} of another app"))
            elif source.role == "signals" and imported.app != "django":
                found.append(source.at(imported.line, f"signals imports {imported.module}; Django is enough"))
    return found


def engines_are_pure(sources: Sequence[Source]) -> list[str]:
    found = []
    for source in sources:
        if not source.is_python or ".".join(source.parts[:2]) not in ENGINES:
            continue
        for imported in imports(source):
            engine = ".".join(imported.module.split(".")[:2]) in ENGINES
            if imported.app in IMPURE or (imported.app in APPS and not engine):
                found.append(source.at(imported.line, f"an engine imports {imported.module}"))
    return found


def keys_point_down_by_string(sources: Sequence[Source]) -> list[str]:
    found = []
    for source in sources:
        if source.role != "models" or source.app not in APPS:
            continue
        foreign = {
            name for imported in imports(source) if imported.app in APPS - {source.app} for name in imported.names
        }
        for call in calls(source.tree):
            if called(call) in {"ForeignKey", "OneToOneField", "ManyToManyField"}:
                found += _key_offences(source, call, foreign)
    return found


def _key_offences(source: Source, call: ast.Call, foreign: set[str]) -> list[str]:
    target = call.args[0] if call.args else keywords(call).get("to")
    name = dotted(target) if target is not None else ""
    text = target.value if isinstance(target, ast.Constant) and isinstance(target.value, str) else ""
    app = text.split(".")[0] if "." in text else ""
    if name.split(".")[0] in foreign:
        return [source.at(call, f'a key to another app is a string "app.Model", not {name}')]
    if source.app != "sessions_app" and text.lower() == "sessions_app.user":
        return [source.at(call, "a key to the user is spelled settings.AUTH_USER_MODEL")]
    if app in APPS - {source.app} and LEVEL[app] >= LEVEL[source.app]:
        return [source.at(call, f"a key to {text} does not point down")]
    to_user = name == "settings.AUTH_USER_MODEL" and source.app != "sessions_app"
    related = keywords(call).get("related_name")
    if (to_user or app in APPS - {source.app}) and getattr(related, "value", None) != "+":
        return [source.at(call, f'a key to {name or text} needs related_name="+"')]
    return []
