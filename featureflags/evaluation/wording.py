"""Flags in words: one line for a condition, and back; sentences for what changed."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from featureflags.evaluation.bucketing import SCALE
from featureflags.evaluation.definitions import Plain, Refused
from featureflags.evaluation.operators import OPERATORS

SHORT = 120
PART = re.compile(r'\s*"(?:[^"\\]|\\.)*"\s*(?=,|$)|[^,]+')
LISTS = {"in", "in_network"}
PLAIN_TEXT = {"contains", "starts_with", "ends_with", "before", "not_before", "matches"} | {
    name for name in OPERATORS if name.startswith("semver")
}


def percent(share: int) -> str:
    """Return 12345 of 100,000 as 12.345 %."""
    return f"{share * 100 / SCALE:.3f}".rstrip("0").rstrip(".") + " %"


def short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= SHORT else text[: SHORT - 1] + "…"


def required_in_words(flag: str, variants: Iterable[str]) -> str:
    return f"{flag} serves {' or '.join(sorted(variants))}"


def served_in_words(rule: Plain) -> str:
    """Return what a rule gives: `on`, `30 % on, 70 % off`, `5 % get on`."""
    if "weights" in rule:
        words = ", ".join(f"{percent(weight)} {name}" for name, weight in rule["weights"].items())
        return words if rule["share"] == SCALE else f"{percent(rule['share'])} get {words}"
    return rule["serve"] if rule["share"] == SCALE else f"{percent(rule['share'])} get {rule['serve']}"


# --- Conditions, one a line: `not email ends_with @example.org`, `country in PT, ES` ----------------------


def condition_in_words(condition: Plain) -> str:
    value, operator = condition["value"], condition["operator"]
    if operator in LISTS:
        words = ", ".join(_scalar_in_words(each) for each in (value if isinstance(value, list) else [value]))
    else:
        words = str(value) if operator in PLAIN_TEXT else _scalar_in_words(value)
    return f"{'not ' if condition['negate'] else ''}{condition['attribute']} {operator} {words}"


def _scalar_in_words(value: Any) -> str:
    if isinstance(value, str) and _scalar(value) == value and "," not in value and '"' not in value:
        return value
    return json.dumps(value, ensure_ascii=False)


def _scalar(text: str) -> Any:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return value if isinstance(value, str | int | float | bool) else text


def _scalars(text: str) -> list[Any]:
    """Return what commas separate; a comma within quotes separates nothing."""
    return [_scalar(part.strip()) for part in PART.findall(text) if part.strip()]


def parse_conditions(text: str) -> list[Plain]:
    """Return the conditions of several lines; raise Refused with the number of the line that cannot be read."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split()
        if not words:
            continue
        negate = words[0] == "not"
        parts = line.strip().removeprefix("not ").strip().split(maxsplit=2) if negate else line.split(maxsplit=2)
        if len(parts) < 3:
            raise Refused(f"line {number}", "needs an attribute, an operator and a value: country in PT, ES")
        attribute, operator, value = parts[0], parts[1], parts[2].strip()
        if operator not in OPERATORS:
            raise Refused(f"line {number}", f"there is no operator {operator}; there are {', '.join(OPERATORS)}")
        held: Any = _scalars(value) if operator in LISTS else value if operator in PLAIN_TEXT else _scalar(value)
        found.append({"attribute": attribute, "operator": operator, "value": held, "negate": negate})
    return found


def parse_requires(text: str) -> dict[str, list[str]]:
    """Return `{flag: variants}` from lines such as `new_home = on, beta`; raise Refused for another line."""
    found = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        flag, sign, variants = line.partition("=")
        if not sign:
            raise Refused(f"line {number}", "needs a flag and its variants: new_home = on")
        found[flag.strip()] = [part.strip() for part in variants.split(",") if part.strip()]
    return found


def parse_variants(text: str, kind: str) -> dict[str, Any]:
    """Return names and values of lines such as `on = true`; raise Refused for a line that is none."""
    found: dict[str, Any] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        name, sign, value = (part.strip() for part in line.partition("="))
        if not sign or name in found:
            raise Refused(f"line {number}", "needs a new name and a value: on = true")
        try:
            found[name] = value if kind == "string" else json.loads(value)
        except (ValueError, RecursionError):
            raise Refused(f"line {number}", "needs JSON after the sign: true, 12 or {...}") from None
    return found


def variants_in_words(variants: Mapping[str, Any], kind: str) -> str:
    plain = kind == "string"
    return "\n".join(
        f"{name} = {value if plain else json.dumps(value, ensure_ascii=False)}" for name, value in variants.items()
    )


def requires_in_words(requires: Mapping[str, Sequence[str]]) -> str:
    return "\n".join(f"{flag} = {', '.join(variants)}" for flag, variants in requires.items())


# --- What changed -----------------------------------------------------------------------------------------


def differences(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> list[str]:
    """Return one sentence for each thing that differs between two states of a flag or a segment."""
    if before is None or after is None:
        return ["created" if before is None else "removed"]
    found: list[str] = []
    _compare("", before, after, found)
    return found


def _compare(path: str, before: Any, after: Any, found: list[str]) -> None:
    if before == after and type(before) is type(after):
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in dict.fromkeys([*before, *after]):
            here = f"{path}.{name}" if path else name
            if name not in before:
                found.append(f"{here}: added {_in_words(here, after[name])}")
            elif name not in after:
                found.append(f"{here}: removed {_in_words(here, before[name])}")
            else:
                _compare(here, before[name], after[name], found)
    elif isinstance(before, list) and isinstance(after, list) and path == "rules":
        _compare_rules(before, after, found)
    elif isinstance(before, list) and isinstance(after, list):
        gone = [_in_words(path, each) for each in before if each not in after]
        new = [_in_words(path, each) for each in after if each not in before]
        found += [f"{path}: removed {short(', '.join(gone))}"] if gone else []
        found += [f"{path}: added {short(', '.join(new))}"] if new else []
        found += [f"{path}: in another order"] if not gone and not new else []
    else:
        found.append(f"{path}: {_in_words(path, before)} → {_in_words(path, after)}")


def _compare_rules(before: list[Any], after: list[Any], found: list[str]) -> None:
    for index in range(max(len(before), len(after))):
        if index >= len(before):
            found.append(f"rule {index + 1}: added {_rule_in_words(after[index])}")
        elif index >= len(after):
            found.append(f"rule {index + 1}: removed {_rule_in_words(before[index])}")
        else:
            _compare(f"rule {index + 1}", before[index], after[index], found)


def _rule_in_words(rule: Plain) -> str:
    return f"“{rule['name']}”, {served_in_words(rule)}" if rule["name"] else served_in_words(rule)


def _in_words(path: str, value: Any) -> str:
    if value is None or value == "" or value == [] or value == {}:
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) and (path.endswith(".share") or ".weights." in path):
        return percent(value)
    if isinstance(value, dict) and "operator" in value:
        return condition_in_words(value)
    if isinstance(value, dict) and path.endswith(".weights"):
        return ", ".join(f"{percent(weight)} {name}" for name, weight in value.items())
    return short(value)
