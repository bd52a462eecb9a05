"""Rules about transactions, locks, and what waits for the commit."""

import ast
from collections.abc import Sequence

from tests.conventions.source import Function, Source, called, calls, dotted, imports, keywords

SPELLINGS = ({"durable": True}, {"savepoint": False}, {"savepoint": True})
SLOW = {"delay", "apply_async", "send_mail", "send_mass_mail", "urlopen", "sleep"}


def atomic_says_its_kind(sources: Sequence[Source]) -> list[str]:
    found = []
    for source in sources:
        if not source.is_python:
            continue
        bare_names = {
            name
            for imported in imports(source)
            if imported.module == "django.db.transaction"
            for name in imported.names
            if name == "atomic"
        }
        spelled = set()
        for call in calls(source.tree):
            if _is_atomic(call.func, bare_names):
                given = {key: getattr(value, "value", None) for key, value in keywords(call).items()}
                if {key: value for key, value in given.items() if key in {"durable", "savepoint"}} in SPELLINGS:
                    spelled.add(id(call.func))
        found += [
            source.at(node, "this atomic does not say durable=True, savepoint=False or savepoint=True")
            for node in ast.walk(source.tree)
            if _is_atomic(node, bare_names) and id(node) not in spelled
        ]
    return found


def _is_atomic(node: ast.AST, bare_names: set[str]) -> bool:
    if isinstance(node, ast.Attribute):
        return node.attr == "atomic" and dotted(node.value).endswith("transaction")
    return isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in bare_names


def rings_after_commit_are_robust(sources: Sequence[Source]) -> list[str]:
    found = []
    for source in sources:
        if not source.is_ours:
            continue
        for call in calls(source.tree):
            given = keywords(call)
            if called(call) == "on_commit":
                if getattr(given.get("robust"), "value", None) is not True:
                    found.append(source.at(call, "on_commit needs robust=True"))
                if call.args and dotted(call.args[0]).endswith("partial"):
                    found.append(source.at(call, "a robust on_commit takes a lambda, not a partial"))
            elif called(call) in {"delay_on_commit", "apply_async_on_commit"}:
                found.append(source.at(call, f"{called(call)} raises after the commit when Redis is away"))
            elif called(call) == "apply_async" and given.keys() & {"eta", "countdown"}:
                found.append(source.at(call, "due rows wait in the database, not in Celery"))
    return found


def nothing_slow_inside_a_transaction(sources: Sequence[Source]) -> list[str]:
    found = []
    for source in sources:
        if not source.is_ours:
            continue
        for node in ast.walk(source.tree):
            if isinstance(node, Function):
                inside = any(dotted(each).endswith("atomic") for each in node.decorator_list)
            elif isinstance(node, ast.With):
                inside = any(dotted(item.context_expr).endswith("atomic") for item in node.items)
            else:
                continue
            if inside:
                found += [
                    source.at(call, f"{called(call)}() inside a transaction")
                    for statement in node.body
                    for call in _calls_now(statement)
                    if called(call) in SLOW
                ]
    return sorted(set(found))


def _calls_now(node: ast.AST) -> list[ast.Call]:
    """Return the calls that run here and not later from a lambda or an inner function."""
    if isinstance(node, ast.Lambda | Function):
        return []
    own = [node] if isinstance(node, ast.Call) else []
    return own + [call for child in ast.iter_child_nodes(node) for call in _calls_now(child)]


def locks_let_inserts_through(sources: Sequence[Source]) -> list[str]:
    found = []
    for source in sources:
        if not source.is_ours:
            continue
        for call in calls(source.tree):
            wants = {key for key, value in keywords(call).items() if getattr(value, "value", None) is True}
            if called(call) == "select_for_update" and not wants & {"no_key", "skip_locked"}:
                found.append(source.at(call, "a lock says no_key=True, or skip_locked=True when it claims work"))
    return found


def drift_shows(sources: Sequence[Source]) -> list[str]:
    return [
        source.at(call, "Greatest(0, ...) hides a counter that drifted")
        for source in sources
        if source.is_ours
        for call in calls(source.tree)
        if called(call) == "Greatest"
        and any(isinstance(node, ast.Constant) and node.value == 0 for each in call.args for node in ast.walk(each))
    ]
