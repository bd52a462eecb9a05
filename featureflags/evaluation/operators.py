"""How a condition compares one attribute of a context: each operator is built once and asked many times.

A test answers True or False, and None for what it cannot compare: that matches neither way, negated or not.
"""

import ipaddress
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import re2

Test = Callable[[Any], bool | None]

TEXT_MAX = 1000
VALUES_MAX = 1000
PATTERN_MAX = 200
# Of the compiled program: `(a{100}){100}` asks for more and is refused.
PATTERN_MEMORY = 1 << 18
# Semantic Versioning 2.0.0, section 2, 9 and 10.
SEMVER = re.compile(
    r"v?(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?"
    r"(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?",
    re.ASCII,
)
NUMBER_LARGEST = 2**63


class BadValue(Exception):
    """An operator cannot work with this value; the message says what it needs."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """A built test. `key` puts attribute values in the order of `side` and `bound`, for operators that have one."""

    test: Test
    # What `equals` and `in` allow: nothing else can match.
    allowed: tuple[Any, ...] | None = None
    key: Callable[[Any], Any] | None = None
    side: str = ""
    bound: Any = None


def _kind(value: object) -> str | None:
    if isinstance(value, bool):
        return "flag"
    if isinstance(value, str):
        return "text" if len(value) <= TEXT_MAX else None
    if isinstance(value, int | float):
        return "number" if _is_finite(value) else None
    return None


def _is_finite(value: float) -> bool:
    # A whole number always is, and `math` fails on one that no float can hold.
    return isinstance(value, int) or math.isfinite(value)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and len(value) <= TEXT_MAX else None


def number(value: object) -> float | int | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) and _is_finite(value) else None


def moment(value: object) -> float | None:
    """Return Unix seconds of an ISO 8601 date or moment (UTC when it names no zone), or of a number that is them."""
    if isinstance(value, str) and len(value) <= 40:
        try:
            at = datetime.fromisoformat(value)
            return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
        except (ValueError, OverflowError):
            return None
    return number(value)


def version(value: object) -> tuple[Any, ...] | None:
    """Return a key that sorts as Semantic Versioning 2.0.0, section 11, says."""
    match = SEMVER.fullmatch(value) if isinstance(value, str) and len(value) <= 100 else None
    if match is None:
        return None
    parts = tuple(
        (0, int(part), "") if part.isdigit() else (1, 0, part) for part in (match[4].split(".") if match[4] else ())
    )
    # A release comes after all of its pre-releases.
    return (int(match[1]), int(match[2]), int(match[3]), not parts, parts)


def _scalars(value: object) -> tuple[Any, ...]:
    values = value if isinstance(value, list) else [value]
    if not values:
        raise BadValue("needs at least one value: an empty list never matches")
    if len(values) > VALUES_MAX:
        raise BadValue(f"takes at most {VALUES_MAX} values")
    for each in values:
        if _kind(each) is None:
            raise BadValue("compares text, numbers, true and false")
        if abs(number(each) or 0) > NUMBER_LARGEST:
            raise BadValue("takes numbers up to 64 bits")
    return tuple(values)


def _equals(value: object) -> Comparison:
    if isinstance(value, list):
        raise BadValue("takes one value; use `in` for several")
    return _in(value)


def _in(value: object) -> Comparison:
    values = _scalars(value)
    wanted = frozenset((_kind(each), each) for each in values)
    if all(type(each) is str for each in values):
        texts = frozenset(values)

        def test_text(attribute: Any) -> bool | None:
            return attribute in texts if type(attribute) is str else (None if _kind(attribute) is None else False)

        return Comparison(test_text, values)

    def test(attribute: Any) -> bool | None:
        kind = _kind(attribute)
        return None if kind is None else (kind, attribute) in wanted

    return Comparison(test, values)


def _needs_text(value: object) -> str:
    text = _text(value)
    if not text:
        raise BadValue(f"needs text of 1 to {TEXT_MAX} characters")
    return text


def _contains(value: object) -> Comparison:
    text = _needs_text(value)

    def test(attribute: Any) -> bool | None:
        if isinstance(attribute, list | tuple):
            return text in attribute if len(attribute) <= VALUES_MAX else None
        return None if _text(attribute) is None else text in attribute

    return Comparison(test)


def _starts_with(value: object) -> Comparison:
    text = _needs_text(value)
    return Comparison(lambda attribute: None if _text(attribute) is None else attribute.startswith(text))


def _ends_with(value: object) -> Comparison:
    text = _needs_text(value)
    return Comparison(lambda attribute: None if _text(attribute) is None else attribute.endswith(text))


def _ordered(side: str, key: Callable[[Any], Any], example: str) -> Callable[[object], Comparison]:
    def build(value: object) -> Comparison:
        bound = key(value)
        if bound is None:
            raise BadValue(f"needs {example}")

        def below(attribute: Any) -> bool | None:
            held = key(attribute)
            return None if held is None else held < bound

        def at_most(attribute: Any) -> bool | None:
            held = key(attribute)
            return None if held is None else held <= bound

        def above(attribute: Any) -> bool | None:
            held = key(attribute)
            return None if held is None else held > bound

        def at_least(attribute: Any) -> bool | None:
            held = key(attribute)
            return None if held is None else held >= bound

        def same(attribute: Any) -> bool | None:
            held = key(attribute)
            return None if held is None else held == bound

        tests = {"<": below, "<=": at_most, ">": above, ">=": at_least, "==": same}
        return Comparison(tests[side], key=key, side=side, bound=bound)

    return build


def _in_network(value: object) -> Comparison:
    try:
        networks = [ipaddress.ip_network(str(each), strict=False) for each in _scalars(value)]
    except ValueError as error:
        raise BadValue("needs networks such as 10.0.0.0/8 or 2001:db8::/32") from error

    def test(attribute: Any) -> bool | None:
        try:
            address = ipaddress.ip_address(attribute) if type(attribute) is str else None
        except ValueError:
            return None
        return None if address is None else any(address in network for network in networks)

    return Comparison(test)


def _matches(value: object) -> Comparison:
    """Build a search in linear time: RE2 has no backtracking, so text of a bounded length takes a bounded time."""
    pattern = _text(value)
    if not pattern or len(pattern) > PATTERN_MAX:
        raise BadValue(f"needs a regular expression of 1 to {PATTERN_MAX} characters")
    options = re2.Options()
    options.max_mem = PATTERN_MEMORY
    options.log_errors = False
    try:
        search = re2.compile(pattern, options=options).search
    except (re2.error, UnicodeEncodeError) as error:
        reason = error.args[0].decode() if error.args and isinstance(error.args[0], bytes) else str(error)
        raise BadValue(f"cannot take this regular expression: {reason}") from error

    def test(attribute: Any) -> bool | None:
        try:
            return None if _text(attribute) is None else search(attribute) is not None
        except UnicodeEncodeError:  # half of a character
            return None

    return Comparison(test)


_NUMBER, _DATE, _SEMVER = "a number", "a date such as 2026-11-28 or 2026-11-28T14:00+01:00", "a version such as 1.4.0"

OPERATORS: dict[str, Callable[[object], Comparison]] = {
    "equals": _equals,
    "in": _in,
    "contains": _contains,
    "starts_with": _starts_with,
    "ends_with": _ends_with,
    "below": _ordered("<", number, _NUMBER),
    "at_most": _ordered("<=", number, _NUMBER),
    "above": _ordered(">", number, _NUMBER),
    "at_least": _ordered(">=", number, _NUMBER),
    "before": _ordered("<", moment, _DATE),
    "not_before": _ordered(">=", moment, _DATE),
    "semver_equals": _ordered("==", version, _SEMVER),
    "semver_below": _ordered("<", version, _SEMVER),
    "semver_at_most": _ordered("<=", version, _SEMVER),
    "semver_above": _ordered(">", version, _SEMVER),
    "semver_at_least": _ordered(">=", version, _SEMVER),
    "in_network": _in_network,
    "matches": _matches,
}


def build(operator: object, value: object) -> Comparison:
    """Return the comparison; raise BadValue for an operator that does not exist or a value that it cannot take."""
    make = OPERATORS.get(operator) if isinstance(operator, str) else None
    if make is None:
        raise BadValue(f"there is no operator {str(operator)[:40]!r}; there are {', '.join(OPERATORS)}")
    return make(value)
