"""Lays the decorator around every address of the project, so that none can be forgotten."""

from collections.abc import Mapping, Sequence

from django.urls import URLPattern, URLResolver

from idempotency.decorators import idempotent
from idempotency.policies import STANDARD, Policy

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
