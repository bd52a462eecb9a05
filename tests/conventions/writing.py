"""Rules about errors, imports, names and sizes in Python."""

import ast
import re
from collections.abc import Sequence

from tests.conventions.source import (
    Function,
    Source,
    body,
    called,
    calls,
    dotted,
    functions,
    statements,
    top_functions,
)

LINES = 300
# "About 300": each with its own ceiling and the reason why it is not split.
LONGER = {
    "config/settings.py": (400, "the one file of settings, which the house asks for"),
    "sessions_app/engine.py": (380, "one class: the whole session store protocol, twice, for sync and async callers"),
}
# path::function -> why it must catch everything.
CATCHES_EVERYTHING = {
    "emailqueue/delivery/lanes.py::_carry": "whatever is wrong with one mail, the others must go out",
    "sessions_app/engine.py::load": "whatever a foreign serialiser raises, the row decides",
    "lib/operations.py::_read": "a broken panel must not hide the others",
    "idempotency/phases.py::complete_abandoned": "one procedure that fails must not hold the others up",
    "webhooks/delivery/sending.py::send": "one attempt that fails in a new way must not end the deliverer",
    "featureflags/decisions.py::decide": "whatever a context holds, a flag must not take the page down",
}
# path::function -> why it imports late.
IMPORTS_LATE = {
    "config/celery.py::_configure": "settings must not load before Celery asks for them",
    "config/admin.py::ready": "panels read models, which are there only then",
    "config/admin.py::get_urls": "the site is made before the apps that its views need",
    "config/admin.py::get_app_list": "the site is made before the apps that its views need",
}
# path -> whose protocol wants a method of this name.
SAVES = {
    "sessions_app/engine.py": "Django's session store has a method of this name",
}
# Services whose first words are their sentence: `webhooks.publish("booking.confirmed", {...}, by=alice)`.
SENTENCES = {"webhooks/services/publishing.py::publish"}
ROW_SIGNALS = {"pre_save", "post_save", "pre_delete", "post_delete", "m2m_changed", "pre_init", "post_init"}
NAMELESS = {
    *("utils", "util", "helpers", "helper", "managers", "selectors", "constants", "consts", "common", "core"),
    *("base", "mixins", "misc", "shared", "tools", "stuff"),
}
# Where Django looks for a module of this name.
DJANGOS_MODULES = {"config/postgres/base.py", "idempotency/postgres/base.py"}
VAGUE = re.compile(r"_?(do|handle|process)_")
DJANGOS_HOOKS = {
    # The standard library's, of a handler that takes posts.
    "do_POST",
    "process_request",
    "process_response",
    "process_view",
    "process_exception",
    "process_template_response",
    "handle_raw_input",
}
# What an HTML parser and a mail server call.
PROTOCOLS_HOOKS = {"handle_starttag", "handle_endtag", "handle_data", "handle_RCPT", "handle_DATA"}
DJANGOS_COMMANDS = {"clearsessions"}
# A noun whose verbs are its subcommands: `flag kill new_home`.
NOUN_COMMANDS = {"flag"}


def nothing_listens_to_row_signals(sources: Sequence[Source]) -> list[str]:
    return [
        source.at(node, f"{name} fires behind the reader's back; announce a domain signal")
        for source in sources
        if source.is_ours
        for node in ast.walk(source.tree)
        for name in _names(node)
        if name in ROW_SIGNALS
    ]


def _names(node: ast.AST) -> list[str]:
    if isinstance(node, ast.ImportFrom):
        return [alias.name for alias in node.names]
    return [node.attr] if isinstance(node, ast.Attribute) else []


def nobody_overrides_save(sources: Sequence[Source]) -> list[str]:
    return [
        source.at(method, f"{kind.name}.{method.name}() is overridden; writes live in services")
        for source in sources
        if source.is_ours and source.path not in SAVES
        for kind in ast.walk(source.tree)
        if isinstance(kind, ast.ClassDef)
        for method in kind.body
        if isinstance(method, Function) and method.name in {"save", "asave", "delete", "adelete"}
    ]


def imports_stand_at_the_top(sources: Sequence[Source]) -> list[str]:
    found = []
    for source in sources:
        if not source.is_ours:
            continue
        for function in functions(source.tree):
            # Django has every app ready before it calls this, and not before.
            connects = source.role == "apps" and function.name == "ready"
            if connects or f"{source.path}::{function.name}" in IMPORTS_LATE:
                continue
            found += [
                source.at(node, f"{function.name}() imports inside its body")
                for node in ast.walk(function)
                if isinstance(node, ast.Import | ast.ImportFrom)
            ]
    return sorted(set(found))


def errors_are_caught_by_name(sources: Sequence[Source]) -> list[str]:
    found = []
    for source in sources:
        if not source.is_python:
            continue
        allowed = {
            id(node)
            for function in functions(source.tree)
            if f"{source.path}::{function.name}" in CATCHES_EVERYTHING
            for node in ast.walk(function)
        }
        for node in ast.walk(source.tree):
            if not isinstance(node, ast.ExceptHandler):
                continue
            if node.type is None:
                found.append(source.at(node, "a bare except"))
            elif source.is_ours and id(node) not in allowed:
                caught = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
                found += [
                    source.at(node, f"catches {dotted(each)}, which is everything")
                    for each in caught
                    if dotted(each) in {"Exception", "BaseException"}
                ]
    return found


def nothing_prints(sources: Sequence[Source]) -> list[str]:
    return [
        source.at(call, "prints; commands write to self.stdout, everything else logs")
        for source in sources
        if source.is_ours
        for call in calls(source.tree)
        if dotted(call.func) in {"print", "pprint"}
    ]


def files_are_short(sources: Sequence[Source]) -> list[str]:
    found = []
    for source in sources:
        if not source.is_python or source.role == "migrations":
            continue
        length = len(source.text.splitlines())
        limit, _ = LONGER.get(source.path, (LINES, ""))
        if length > limit:
            found.append(source.at(length, f"has {length} lines; at most {limit}, then it is split by noun"))
    return found


def services_are_called_by_keyword(sources: Sequence[Source]) -> list[str]:
    found = []
    for source in sources:
        if not (source.is_ours and source.role == "services"):
            continue
        for function in top_functions(source):
            if function.name.startswith("_"):
                continue
            positional = [*function.args.posonlyargs, *function.args.args]
            if (positional or function.args.vararg) and f"{source.path}::{function.name}" not in SENTENCES:
                found.append(source.at(function, f"{function.name}() takes positional arguments"))
            if ast.get_docstring(function) is None:
                found.append(source.at(function, f"{function.name}() has no docstring"))
    return found


def tasks_are_shells(sources: Sequence[Source]) -> list[str]:
    return [
        source.at(function, f"{function.name}() does more than call a service: at most three statements")
        for source in sources
        if source.is_ours and source.role == "tasks"
        for function in functions(source.tree)
        if statements(function) > 3 or body(function)[-1].end_lineno - body(function)[0].lineno > 4
    ]


def names_say_something(sources: Sequence[Source]) -> list[str]:
    found = []
    for source in sources:
        if not (source.is_python and source.app not in {"bench", "deploy"} and source.role != "migrations"):
            continue
        excused = source.app == "tests" or source.path in DJANGOS_MODULES
        poor = [] if excused else sorted(set(source.parts) & NAMELESS)
        found += [source.at(1, f"is called {word}, which says nothing") for word in poor]
        if not source.is_ours:
            continue
        for node in ast.walk(source.tree):
            if isinstance(node, ast.ClassDef) and re.search(r"Mixin$|^BaseModel$", node.name):
                found.append(source.at(node, f"{node.name}: no mixins and no base models"))
            elif (
                isinstance(node, Function)
                and VAGUE.match(node.name)
                and node.name not in DJANGOS_HOOKS | PROTOCOLS_HOOKS
            ):
                found.append(source.at(node, f"{node.name}() says that it does something, not what"))
    return found


def commands_are_verb_noun(sources: Sequence[Source]) -> list[str]:
    return [
        source.at(1, f"the command {source.parts[-1]} is not called verb_noun")
        for source in sources
        if source.is_ours and source.parts[1:3] == ["management", "commands"] and source.parts[-1] != "__init__"
        if not re.fullmatch(r"_?[a-z]+(_[a-z]+)+", source.parts[-1])
        and source.parts[-1] not in DJANGOS_COMMANDS | NOUN_COMMANDS
    ]


def moments_end_in_at(sources: Sequence[Source]) -> list[str]:
    endings = {"DateTimeField": ("at", "a moment"), "DateField": ("on", "a day")}
    found = []
    for source in sources:
        if not (source.is_ours and source.role == "models"):
            continue
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and called(node.value) in endings:
                ending, thing = endings[called(node.value)]
                name = dotted(node.targets[0])
                if name != ending and not name.endswith(f"_{ending}"):
                    found.append(source.at(node, f"{name} is {thing}: its name ends in _{ending}"))
    return found


def models_open_with_invariants(sources: Sequence[Source]) -> list[str]:
    found = []
    for source in sources:
        if source.is_ours and source.app != "config" and source.parts[1:] in (["models"], ["models", "__init__"]):
            words = ast.get_docstring(source.tree) or ""
            if "nvariant" not in words or not re.search(r"^1\. ", words, re.MULTILINE):
                found.append(source.at(1, "does not open with the app's numbered invariants"))
    return found


def moments_know_their_zone(sources: Sequence[Source]) -> list[str]:
    return [
        source.at(call, f"{dotted(call.func)}() knows no zone; use django.utils.timezone")
        for source in sources
        if source.is_ours
        for call in calls(source.tree)
        if not (call.args or call.keywords)
        and re.search(r"(^|\.)(datetime\.now|datetime\.utcnow|date\.today|datetime\.today)$", dotted(call.func))
    ]


def forms_only_parse(sources: Sequence[Source]) -> list[str]:
    return [
        source.at(node, f"{node.name} is a ModelForm; forms parse, services write")
        for source in sources
        if source.is_ours and source.role == "forms"
        for node in ast.walk(source.tree)
        if isinstance(node, ast.ClassDef) and any("ModelForm" in dotted(base) for base in node.bases)
    ]


def lists_are_not_stale(sources: Sequence[Source]) -> list[str]:
    """Each allowance above must still be needed by a file that exists."""
    by_path = {source.path: source for source in sources}
    found = [f"{path}:1 is on the list of long files and is not long" for path in LONGER if path in by_path]
    found = [line for line in found if len(by_path[line.partition(":")[0]].text.splitlines()) <= LINES]
    for entry in (*CATCHES_EVERYTHING, *IMPORTS_LATE):
        path, _, name = entry.partition("::")
        if path in by_path and name not in {function.name for function in functions(by_path[path].tree)}:
            found.append(f"{path}:1 has no {name}() any more, which a list of exceptions names")
    return found
