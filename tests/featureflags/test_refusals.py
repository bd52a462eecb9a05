"""What a definition may not say: refused with the field and the reason."""

import pytest

from featureflags.evaluation import consistency, contexts, definitions
from featureflags.evaluation.bucketing import BadContext
from tests.featureflags.conftest import condition, plain

EVERYBODY = {"serve": "on"}


def refusal(act):
    with pytest.raises(definitions.Refused) as caught:
        act()
    return caught.value.field, caught.value.reason


@pytest.mark.parametrize(
    ("fields", "field", "reason"),
    [
        ({"key": "New Home"}, "key", "small letters"),
        ({"key": ""}, "key", "small letters"),
        ({"key": "a" * 81}, "key", "at most 80"),
        ({"type": "colour"}, "type", "one of boolean"),
        ({"variants": {}}, "variants", "at least one"),
        ({"variants": {"on": 1, "off": False}}, "variants.on", "true or false"),
        ({"variants": {f"v{n}": True for n in range(21)}, "off": "v1", "default": "v1"}, "variants", "at most 20"),
        ({"off": "gone"}, "off", "one of the variants"),
        ({"default": None}, "default", "one of the variants"),
        ({"rules": [{"serve": "maybe"}]}, "rules[0].serve", "one of the variants"),
        ({"rules": [{}]}, "rules[0].serve", "one variant, or several"),
        ({"rules": [{"serve": "on", "weights": {"on": 100_000}}]}, "rules[0].serve", "one variant, or several"),
        ({"rules": [{"weights": {"on": 30_000, "off": 60_000}}]}, "rules[0].weights", "add up to 90 %"),
        ({"rules": [{"weights": {"on": 130_000, "off": -30_000}}]}, "rules[0].weights.on", "0 to 100,000"),
        ({"rules": [{"weights": {"on": 50_000, "new": 50_000}}]}, "rules[0].weights", "one of the variants"),
        ({"rules": [EVERYBODY | {"share": 100_001}]}, "rules[0].share", "0 to 100,000"),
        ({"rules": [EVERYBODY | {"share": 0.5}]}, "rules[0].share", "whole number"),
        ({"rules": [EVERYBODY | {"sticky": "a b"}]}, "rules[0].sticky", "attribute"),
        ({"rules": [EVERYBODY | {"from": "tomorrow"}]}, "rules[0].from", "moment"),
        ({"rules": [EVERYBODY | {"colour": "red"}]}, "rules[0]", "has no colour"),
        ({"rules": [EVERYBODY | {"people": ["\0"]}]}, "rules[0].people", "cannot be stored"),
        ({"rules": [EVERYBODY | {"name": "\ud800"}]}, "rules[0].name", "cannot be stored"),
        ({"requires": {"base": []}}, "requires.base", "never matches"),
        ({"colour": "red"}, "flag", "has no colour"),
    ],
)
def test_a_flag_that_cannot_hold(fields, field, reason):
    at, why = refusal(lambda: plain(**{"key": "new_home"} | fields) if "key" not in fields else plain(**fields))

    assert at == field
    assert reason in why


@pytest.mark.parametrize(
    ("given", "field", "reason"),
    [
        (condition("country", "resembles", "PT"), "operator", "no operator 'resembles'; there are equals"),
        (condition("country", None, "PT"), "operator", "no operator"),
        (condition("1st", "equals", "PT"), "attribute", "name of an attribute"),
        (condition("country", "in", []), "value", "never matches"),
        (condition("country", "equals", {"a": 1}), "value", "compares text"),
        (condition("country", "equals", float("nan")), "value", "compares text"),
        (condition("age", "below", "old"), "value", "a number"),
        (condition("age", "equals", 2**70), "value", "64 bits"),
        (condition("joined_at", "before", "soon"), "value", "a date"),
        (condition("app", "semver_below", "2"), "value", "a version"),
        (condition("address", "in_network", "10.0.0.0/99"), "value", "networks"),
        (condition("email", "matches", "("), "value", "regular expression"),
        (condition("email", "matches", r"(.)\1"), "value", "regular expression"),
        (condition("email", "matches", "((a{100}){100}){100}"), "value", "regular expression"),
        (condition("email", "matches", "a" * 201), "value", "200 characters"),
        (condition("email", "contains", ""), "value", "1 to 1000"),
        (condition("email", "equals", "a", negate="no"), "negate", "true or false"),
    ],
)
def test_a_condition_that_cannot_hold(given, field, reason):
    at, why = refusal(lambda: definitions.conditions([given], "conditions"))

    assert at == f"conditions[0].{field}"
    assert reason in why


def test_a_megabyte_of_json_is_refused():
    at, why = refusal(lambda: plain(type="json", variants={"on": {"a": "x" * 1_000_000}}, off="on", default="on"))

    assert (at, "bytes" in why) == ("variants.on", True)


def test_json_that_nests_too_deep_is_refused():
    value = []
    for _ in range(5000):
        value = [value]

    assert refusal(lambda: plain(type="json", variants={"on": value}, off="on", default="on"))[0] == "variants.on"


@pytest.mark.parametrize(
    ("conditions", "possible"),
    [
        ([condition("a", "equals", "x"), condition("a", "equals", "y")], False),
        ([condition("a", "in", ["x", "y"]), condition("a", "equals", "y")], True),
        ([condition("a", "in", ["x"]), condition("a", "equals", "x", negate=True)], False),
        ([condition("a", "equals", "x"), condition("a", "starts_with", "y")], False),
        ([condition("a", "above", 5), condition("a", "below", 5)], False),
        ([condition("a", "at_least", 5), condition("a", "at_most", 5)], True),
        ([condition("a", "above", 5), condition("a", "above", 3, negate=True)], False),
        ([condition("a", "above", 5), condition("b", "below", 5)], True),
        ([condition("a", "before", "2026-01-01"), condition("a", "not_before", "2026-01-02")], False),
        ([condition("a", "semver_below", "1.0.0"), condition("a", "semver_at_least", "1.0.0")], False),
        ([condition("a", "matches", "x"), condition("a", "matches", "x", negate=True)], False),
        ([condition("a", "contains", "x"), condition("a", "contains", "y")], True),
    ],
)
def test_conditions_that_nobody_can_meet(conditions, possible):
    flag = plain(rules=[{"conditions": conditions, "serve": "on"}])

    if possible:
        consistency.check({"new_home": flag}, {})
    else:
        at, why = refusal(lambda: consistency.check({"new_home": flag}, {}))
        assert (at, "can never match" in why) == ("rules[0].conditions", True)


@pytest.mark.parametrize(
    ("rules", "field", "reason"),
    [
        ([EVERYBODY, {"people": ["1"], "serve": "off"}], "rules[1]", "takes everybody"),
        ([EVERYBODY | {"from": "2026-02-01", "until": "2026-01-01"}], "rules[0].until", "ends before it begins"),
        ([EVERYBODY | {"segments": ["gone"]}], "rules[0].segments", "no segment gone"),
        ([EVERYBODY | {"requires": {"gone": ["on"]}}], "rules[0].requires", "no flag gone"),
        ([EVERYBODY | {"requires": {"base": ["maybe"]}}], "rules[0].requires", "no variant maybe"),
        ([EVERYBODY | {"requires": {"new_home": ["on"]}}], "rules[0].requires", "waits for itself"),
    ],
)
def test_a_rule_that_can_never_match(rules, field, reason):
    flags = {"new_home": plain(rules=rules), "base": plain("base")}

    at, why = refusal(lambda: consistency.check(flags, {}))

    assert at == field
    assert reason in why


def test_flags_that_wait_for_each_other_are_refused():
    flags = {
        "a": plain("a", requires={"b": ["on"]}),
        "b": plain("b", rules=[{"requires": {"c": ["on"]}, "serve": "on"}]),
        "c": plain("c", requires={"a": ["on"]}),
    }

    assert "a needs b needs c needs a" in refusal(lambda: consistency.check(flags, {}))[1]


def test_flags_that_ask_too_many_others_are_refused():
    flags = {"f0": plain("f0")}
    for level in range(1, 5):
        for place in range(4):
            needed = {f"f{level - 1}{other if level > 1 else ''}": ["on"] for other in range(4 if level > 1 else 1)}
            flags[f"f{level}{place}"] = plain(f"f{level}{place}", requires=needed)

    assert "more than 100" in refusal(lambda: consistency.check(flags, {}))[1]


@pytest.mark.parametrize(
    "context",
    [
        [],
        "x",
        {f"a{number}": 1 for number in range(10_000)},
        {"a" * 201: 1},
        {"": 1},
        {"a": "x" * 10_001},
        {"a": float("nan")},
        {"targetingKey": 7},
        {"a": list(range(2000))},
    ],
)
def test_a_context_from_outside_that_cannot_be_used(context):
    with pytest.raises(BadContext):
        contexts.checked(context)


def test_no_context_is_an_empty_one():
    assert contexts.checked(None) == {}
