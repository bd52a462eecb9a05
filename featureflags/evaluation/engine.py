"""The decision: compiled once when a definition arrives, then asked in microseconds. Nothing here waits or fails.

A decision is a function of the definitions, the context and the moment alone. The context is a flat dictionary;
`targetingKey` is the person, `device` the browser, everything else an attribute.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, NamedTuple

from featureflags.evaluation import operators
from featureflags.evaluation.bucketing import SCALE, BadContext, bucket, sticky_value
from featureflags.evaluation.definitions import PERSON, Plain

ATTRIBUTES_MAX = 200
PERSON_KEY = "targetingKey"
DEVICE_KEY = "device"

Context = Mapping[str, Any]
Check = Callable[[Context, float, "Flags"], bool]


class Decision(NamedTuple):
    """`variant` is None when there is none to serve: the caller's default holds. `rule` counts from 0, -1 for none."""

    variant: str | None
    value: Any
    reason: str
    rule: int = -1
    error: str = ""
    details: str = ""


class Step(NamedTuple):
    """One thing that a rule asked, and whether it held."""

    asks: str
    held: bool


class Rule:
    __slots__ = ("checks", "name", "one", "salt", "share", "split", "sticky")

    def __init__(self, name: str, checks: tuple[Check, ...], sticky: str, share: int) -> None:
        self.name = name
        self.checks = checks
        self.sticky = sticky
        self.share = share
        self.salt = ""
        # Either one decision for all, or upper ends of buckets with a decision each.
        self.one: Decision | None = None
        self.split: tuple[tuple[int, Decision], ...] = ()

    def value_to_hash(self, context: Context) -> str | None:
        if self.sticky != PERSON:
            return sticky_value(context.get(self.sticky))
        found = sticky_value(context.get(PERSON_KEY))
        return found if found is not None else sticky_value(context.get(DEVICE_KEY))


class Flag:
    __slots__ = ("default", "key", "killed", "off", "plain", "requires", "rules", "unmet", "uses_device")

    def __init__(self, plain: Plain, *, killed: bool, segments: Mapping[str, Check]) -> None:
        variants = plain["variants"]
        self.plain = plain
        self.key: str = plain["key"]
        self.killed = killed
        self.off = Decision(plain["off"], variants[plain["off"]], "DISABLED")
        self.unmet = Decision(plain["off"], variants[plain["off"]], "PREREQUISITE_FAILED")
        reason = "DEFAULT" if plain["rules"] else "STATIC"
        self.default = Decision(plain["default"], variants[plain["default"]], reason)
        self.requires = _required(plain["requires"])
        self.rules = tuple(_rule(index, each, plain, segments) for index, each in enumerate(plain["rules"]))
        self.uses_device = any(
            rule.sticky in (PERSON, DEVICE_KEY) and (rule.share < SCALE or rule.split) for rule in self.rules
        )


Flags = Mapping[str, Flag]


def _required(wanted: Mapping[str, list[str]]) -> tuple[tuple[str, frozenset[str]], ...]:
    return tuple((key, frozenset(variants)) for key, variants in wanted.items())


def _rule(index: int, plain: Plain, flag: Plain, segments: Mapping[str, Check]) -> Rule:
    rule = Rule(plain["name"] or f"rule {index + 1}", _checks(plain, segments), plain["sticky"], plain["share"])
    rule.salt = flag["salt"]
    variants = flag["variants"]
    if "serve" in plain:
        reason = "TARGETING_MATCH" if plain["share"] == SCALE else "SPLIT"
        rule.one = Decision(plain["serve"], variants[plain["serve"]], reason, index)
        return rule
    end, ends = 0, []
    # Where a weight stands decides which people it has. By name, because JSON objects have no order of their own.
    for name, weight in sorted(plain["weights"].items()):
        end += weight
        ends.append((end, Decision(name, variants[name], "SPLIT", index)))
    rule.split = tuple(ends)
    return rule


# --- What a rule asks, as small functions; the order is from cheap to dear -------------------------------


def _checks(plain: Plain, segments: Mapping[str, Check]) -> tuple[Check, ...]:
    found: list[Check] = []
    if plain["from"] or plain["until"]:
        found.append(_within(operators.moment(plain["from"]), operators.moment(plain["until"])))
    if plain["people"]:
        found.append(_among(frozenset(plain["people"])))
    found += [_condition(each) for each in plain["conditions"]]
    if plain["segments"]:
        found.append(_in_any([segments[name] for name in plain["segments"]]))
    if plain["requires"]:
        found.append(_after(_required(plain["requires"])))
    return tuple(found)


def _within(start: float | None, end: float | None) -> Check:
    first = float("-inf") if start is None else start
    last = float("inf") if end is None else end
    return lambda context, now, flags: first <= now < last


def _among(people: frozenset[str]) -> Check:
    def check(context: Context, now: float, flags: Flags) -> bool:
        person = sticky_value(context.get(PERSON_KEY))
        return person is not None and person in people

    return check


def _condition(plain: Plain) -> Check:
    attribute, wanted = plain["attribute"], not plain["negate"]
    test = operators.build(plain["operator"], plain["value"]).test

    def check(context: Context, now: float, flags: Flags) -> bool:
        value = context.get(attribute)
        # What is missing matches neither way.
        return value is not None and test(value) is wanted

    return check


def _in_any(segments: list[Check]) -> Check:
    return lambda context, now, flags: any(check(context, now, flags) for check in segments)


def _after(wanted: tuple[tuple[str, frozenset[str]], ...]) -> Check:
    return lambda context, now, flags: _met(wanted, context, now, flags)


def compile_segment(plain: Plain) -> Check:
    people = _among(frozenset(plain["people"])) if plain["people"] else None
    conditions = [_condition(each) for each in plain["conditions"]]

    def check(context: Context, now: float, flags: Flags) -> bool:
        if people is not None and people(context, now, flags):
            return True
        return bool(conditions) and all(each(context, now, flags) for each in conditions)

    return check


# --- Deciding ---------------------------------------------------------------------------------------------


# What reading a definition of another shape raises.
UNREADABLE = (KeyError, TypeError, ValueError, AttributeError, IndexError, operators.BadValue, BadContext)
Broken = Callable[[str, Exception], None]


def compile_flags(
    flags: Iterable[tuple[Plain, bool]], segments: Iterable[Plain], *, broken: Broken | None = None
) -> dict[str, Flag]:
    """Return what `evaluate` asks, from normal definitions; each flag comes with whether it is killed.

    With `broken`, a definition that this version cannot read is told there and left out: one row that somebody
    changed by hand must not stop the others from being killed. Without it the error is raised.
    """
    checks: dict[str, Check] = {}
    found: dict[str, Flag] = {}
    makers: list[tuple[str, Callable[[], None]]] = [
        *((plain["key"], partial(_add_segment, plain, checks)) for plain in segments),
        *((plain["key"], partial(_add_flag, plain, killed, checks, found)) for plain, killed in flags),
    ]
    for key, make in makers:
        try:
            make()
        except UNREADABLE as error:
            if broken is None:
                raise
            broken(key, error)
    return found


def _add_segment(plain: Plain, checks: dict[str, Check]) -> None:
    checks[plain["key"]] = compile_segment(plain)


def _add_flag(plain: Plain, killed: bool, checks: Mapping[str, Check], found: dict[str, Flag]) -> None:
    found[plain["key"]] = Flag(plain, killed=killed, segments=checks)


def evaluate(flags: Flags, key: str, context: Context, now: float) -> Decision:
    """Return the decision; `now` is Unix seconds. A context that cannot be used gives reason ERROR, never a raise."""
    flag = flags.get(key)
    if flag is None:
        return Decision(None, None, "ERROR", error="FLAG_NOT_FOUND", details=f"There is no flag {key}.")
    try:
        if len(context) > ATTRIBUTES_MAX:
            raise BadContext(f"a context has at most {ATTRIBUTES_MAX} attributes")
        return _decide(flag, context, now, flags)
    except BadContext as error:
        return Decision(None, None, "ERROR", error="INVALID_CONTEXT", details=f"{error}"[:1].upper() + f"{error}."[1:])


def _decide(flag: Flag, context: Context, now: float, flags: Flags) -> Decision:
    if flag.killed:
        return flag.off
    if flag.requires and not _met(flag.requires, context, now, flags):
        return flag.unmet
    for rule in flag.rules:
        for check in rule.checks:
            if not check(context, now, flags):
                break
        else:
            found = rule.one if rule.one is not None and rule.share == SCALE else _rolled_out(rule, context)
            if found is not None:
                return found
    return flag.default


def _rolled_out(rule: Rule, context: Context) -> Decision | None:
    """Return what the rollout gives, or None when it does not reach this value: the next rule is asked."""
    value = rule.value_to_hash(context)
    if value is None:
        return None
    if rule.one is not None:
        return rule.one if bucket(rule.salt, value) < rule.share else None
    # Another salt: who is let in must say nothing about the variant that they get.
    if rule.share < SCALE and bucket(f"{rule.salt}/share", value) >= rule.share:
        return None
    place = bucket(rule.salt, value)
    return next(decision for end, decision in rule.split if place < end)


def _met(wanted: tuple[tuple[str, frozenset[str]], ...], context: Context, now: float, flags: Flags) -> bool:
    """Tell whether each flag that is needed serves one of these variants; a cycle was refused when it was saved."""
    for key, variants in wanted:
        other = flags.get(key)
        if other is None or _decide(other, context, now, flags).variant not in variants:
            return False
    return True
