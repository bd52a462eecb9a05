"""Lays the decorator around every address of the project, so that none can be forgotten."""

from collections.abc import Mapping, Sequence

from django.urls import URLPattern, URLResolver
from ninja import Router

from idempotency.decorators import idempotent, join_operation
from idempotency.policies import STANDARD, Policy
from idempotency.requests import UNSAFE
from lib import streams

Patterns = Sequence[URLPattern | URLResolver]


def guarded(patterns: Patterns, *, policies: Mapping[str, Policy], exempt: Mapping[str, str]) -> Patterns:
    """Return the patterns, each view of which has its effects once for a key.

    A view that says so itself keeps its own policy; the others get the one under their name, or of their
    namespace, else the standard one. `exempt` names those that are left alone, each with its reason.
    """
    _guard(patterns, "", policies, exempt)
    return patterns


def _guard(patterns: Patterns, namespace: str, policies: Mapping[str, Policy], exempt: Mapping[str, str]) -> None:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            _guard(pattern.url_patterns, inner, policies, exempt)
            continue
        name = f"{namespace}{pattern.name or ''}"
        if name not in exempt and not hasattr(pattern.callback, "idempotency"):
            policy = policies.get(name) or policies.get(namespace) or STANDARD
            pattern.callback = idempotent(policy)(pattern.callback)


def guarded_router(router: Router, *, policies: Mapping[str, Policy]) -> Router:
    """Return the router, each operation of which that changes something has its effects once for a key.

    `policies` go by the name of the operation's function. One that reads its own body is left alone: comparing such a
    body would mean reading it twice. To be called before an API takes the router.
    """
    for view in router.path_operations.values():
        for operation in view.operations:
            view_func = operation.view_func
            says_so_itself = hasattr(view_func, "idempotency") or hasattr(view_func, streams.KINDS)
            if UNSAFE & set(operation.methods) and not says_so_itself:
                join_operation(operation, view=view_func, policy=policies.get(view_func.__name__, STANDARD))
    return router
