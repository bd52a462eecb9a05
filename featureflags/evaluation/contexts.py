"""Contexts that came from outside, checked once at the door."""

import math
from typing import Any

from featureflags.evaluation.bucketing import BadContext
from featureflags.evaluation.engine import ATTRIBUTES_MAX, PERSON_KEY

NAME_MAX = 200
TEXT_MAX = 10_000
ELEMENTS_MAX = 1000


def checked(context: Any) -> dict[str, Any]:
    """Return the context; raise BadContext with the attribute and the reason. Nothing sent is an empty context."""
    if context is None:
        return {}
    if not isinstance(context, dict):
        raise BadContext("a context is an object of attributes")
    if len(context) > ATTRIBUTES_MAX:
        raise BadContext(f"a context has at most {ATTRIBUTES_MAX} attributes, and not {len(context)}")
    for name, value in context.items():
        reason = _fault(name, value)
        if reason:
            raise BadContext(f"{str(name)[:40]!r}: {reason}")
    return context


def _fault(name: Any, value: Any) -> str:
    if not isinstance(name, str) or not 0 < len(name) <= NAME_MAX:
        return f"the name of an attribute is text of 1 to {NAME_MAX} characters"
    if name == PERSON_KEY and not isinstance(value, str):
        return "must be text"
    if isinstance(value, str) and len(value) > TEXT_MAX:
        return f"has more than {TEXT_MAX:,} characters"
    if isinstance(value, list | dict) and len(value) > ELEMENTS_MAX:
        return f"has more than {ELEMENTS_MAX:,} elements"
    if isinstance(value, float) and not math.isfinite(value):
        return "is not a finite number"
    return ""
