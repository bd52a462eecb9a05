"""Whether flags and segments hold together: what can never match, what names nothing, what waits for itself."""

from collections.abc import Mapping, Sequence
from typing import Any

from featureflags.evaluation import operators
from featureflags.evaluation.bucketing import SCALE
from featureflags.evaluation.definitions import Plain, Refused

LOWER = {">", ">=", "=="}
UPPER = {"<", "<=", "=="}
ASKED_MAX = 100
NEGATED = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}


def check(flags: Mapping[str, Plain], segments: Mapping[str, Plain]) -> None:
    """Raise Refused unless everything names what exists, and each rule can match."""
    for segment in segments.values():
        contradiction = _contradiction(segment["conditions"])
        if contradiction and not segment["people"]:
            raise Refused("conditions", contradiction)
    for flag in flags.values():
        _check_flag(flag, flags, segments)
    _refuse_tangles(flags)


def _check_flag(flag: Plain, flags: Mapping[str, Plain], segments: Mapping[str, Plain]) -> None:
    _check_requires(flag["requires"], "requires", flag, flags)
    takes_all = ""
    for index, rule in enumerate(flag["rules"]):
        field = f"rules[{index}]"
        if takes_all:
            raise Refused(field, f"can never match: {takes_all} before it takes everybody")
        for name in rule["segments"]:
            if name not in segments:
                raise Refused(f"{field}.segments", f"there is no segment {name}")
        _check_requires(rule["requires"], f"{field}.requires", flag, flags)
        contradiction = _contradiction(rule["conditions"])
        if contradiction:
            raise Refused(f"{field}.conditions", contradiction)
        _check_schedule(rule, field)
        if takes_everybody(rule):
            takes_all = rule["name"] or field


def takes_everybody(rule: Plain) -> bool:
    narrow = ("people", "segments", "conditions", "requires", "from", "until")
    return not any(rule[name] for name in narrow) and rule["share"] == SCALE


def _check_requires(wanted: Mapping[str, Sequence[str]], field: str, flag: Plain, flags: Mapping[str, Plain]) -> None:
    for name, variants in wanted.items():
        if name == flag["key"]:
            raise Refused(field, f"{name} waits for itself")
        if name not in flags:
            raise Refused(field, f"there is no flag {name}")
        unknown = [variant for variant in variants if variant not in flags[name]["variants"]]
        if unknown:
            raise Refused(field, f"can never match: {name} has no variant {', '.join(unknown)}")


def _check_schedule(rule: Plain, field: str) -> None:
    start, end = (operators.moment(rule[name]) for name in ("from", "until"))
    if start is not None and end is not None and end <= start:
        raise Refused(f"{field}.until", "can never match: it ends before it begins")


def _refuse_tangles(flags: Mapping[str, Plain]) -> None:
    """Raise Refused when a flag waits for itself over others, or asks too many; without recursion."""
    needs = {
        key: [
            name
            for wanted in (flag["requires"], *(rule["requires"] for rule in flag["rules"]))
            for name in wanted
            if name in flags
        ]
        for key, flag in flags.items()
    }
    # How many flags a decision looks at; one flag that is needed over two ways counts twice.
    settled: dict[str, int] = {}
    for first in sorted(needs):
        path: list[str] = []
        stack = [(first, False)]
        while stack:
            key, done = stack.pop()
            if done:
                path.pop()
                settled[key] = 1 + sum(settled[name] for name in needs[key])
                if settled[key] > ASKED_MAX:
                    raise Refused("requires", f"{key} asks more than {ASKED_MAX} other flags before it decides")
            elif key in path:
                raise Refused("requires", f"{' needs '.join([*path[path.index(key) :], key])}: nobody can be first")
            elif key not in settled:
                path.append(key)
                stack.append((key, True))
                stack += [(name, False) for name in needs[key]]


def _contradiction(conditions: Sequence[Plain]) -> str:
    """Return why no value of some attribute can meet all of its conditions; "" when one may."""
    by_attribute: dict[str, list[Plain]] = {}
    for condition in conditions:
        by_attribute.setdefault(condition["attribute"], []).append(condition)
    for attribute, held in by_attribute.items():
        built = [(operators.build(each["operator"], each["value"]), not each["negate"]) for each in held]
        if _values_run_out(built) or _bounds_cross(built) or _said_and_denied(held):
            return f"can never match: no {attribute} meets all that is asked of it"
    return ""


Built = Sequence[tuple[operators.Comparison, bool]]


def _values_run_out(built: Built) -> bool:
    for comparison, wanted in built:
        if wanted and comparison.allowed is not None:
            return not any(all(each.test(value) is want for each, want in built) for value in comparison.allowed)
    return False


def _bounds_cross(built: Built) -> bool:
    lower: dict[Any, list[tuple[Any, bool]]] = {}
    upper: dict[Any, list[tuple[Any, bool]]] = {}
    for comparison, wanted in built:
        side = comparison.side if wanted else NEGATED.get(comparison.side, "")
        if side in LOWER:
            lower.setdefault(comparison.key, []).append((comparison.bound, side != ">"))
        if side in UPPER:
            upper.setdefault(comparison.key, []).append((comparison.bound, side != "<"))
    return any(
        low > high or (low == high and not (low_in and high_in))
        for key, lows in lower.items()
        for low, low_in in lows
        for high, high_in in upper.get(key, ())
    )


def _said_and_denied(held: Sequence[Plain]) -> bool:
    said = [(each["operator"], each["value"]) for each in held if not each["negate"]]
    return any((each["operator"], each["value"]) in said for each in held if each["negate"])
