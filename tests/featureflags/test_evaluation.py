"""The engine: pure, the same everywhere, and only ever adding people. Invariants 1, 2, 3 and 5."""

import json
import os
import subprocess
import sys
from pathlib import Path

import mmh3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from featureflags.evaluation import explanation
from featureflags.evaluation.bucketing import BadContext, bucket
from featureflags.evaluation.engine import ATTRIBUTES_MAX, PERSON_KEY, evaluate
from tests.featureflags.conftest import NOW, compiled, condition, decided, plain

HERE = Path(__file__).parent
VECTORS = json.loads((HERE / "vectors.json").read_text())
PEOPLE = [f"person-{number}" for number in range(4000)]
shares = st.integers(0, 100_000)


# The vectors of the algorithm itself, as its author's SMHasher and its descendants publish them (seed 0).
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"", 0),
        (b"\xff\xff\xff\xff", 0x76293B50),
        (b"\x21\x43\x65\x87", 0xF55B516B),
        (b"\x21\x43\x65", 0x7E4A8634),
        (b"\x21\x43", 0xA0F7B07A),
        (b"\x21", 0x72661CF4),
        (b"\0\0\0\0", 0x2362F9DE),
        (b"test", 0xBA6BD213),
        (b"Hello, world!", 0xC0363E43),
        (b"The quick brown fox jumps over the lazy dog", 0x2E4FF723),
    ],
)
def test_the_hash_is_murmur3_x86_32(text, expected):
    assert mmh3.hash(text, 0, False) == expected


@pytest.mark.parametrize("vector", VECTORS, ids=lambda each: f"{each['salt']}:{each['value']}"[:30])
def test_buckets_are_as_published(vector):
    assert bucket(vector["salt"], vector["value"]) == vector["bucket"] == (vector["hash"] * 100_000) >> 32


def test_another_process_with_another_hash_seed_finds_the_same_bucket():
    program = "from featureflags.evaluation.bucketing import bucket; print([bucket('s', str(n)) for n in range(50)])"
    answers = {
        subprocess.run(
            [sys.executable, "-c", program],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            text=True,
            cwd=HERE.parents[1],
        ).stdout
        for seed in ("1", "2")
    }

    assert answers == {f"{[bucket('s', str(number)) for number in range(50)]}\n"}


def served(share, people=PEOPLE, **fields):
    flags = compiled(plain(rules=[{"serve": "on", "share": share} | fields]))
    return {person for person in people if decided(flags, {PERSON_KEY: person}).value}


@given(lower=shares, higher=shares)
def test_raising_a_share_only_adds_people(lower, higher):
    lower, higher = sorted([lower, higher])

    assert served(lower, PEOPLE[:300]) <= served(higher, PEOPLE[:300])


@given(weights=st.lists(st.integers(0, 1000), min_size=2, max_size=5).filter(sum), data=st.data())
def test_raising_one_weight_only_adds_people_to_it(weights, data):
    total = sum(weights)
    start = [weight * 100_000 // total for weight in weights]
    start[0] += 100_000 - sum(start)
    raised, source = data.draw(st.permutations(range(len(weights))))[:2]
    moved = data.draw(st.integers(0, start[source]))
    after = start.copy()
    after[raised], after[source] = after[raised] + moved, after[source] - moved

    before_people, after_people = (people_of(raised, each) for each in (start, after))

    assert before_people <= after_people


def people_of(wanted, weights):
    names = {f"v{index}": str(index) for index in range(len(weights))}
    rule = {"weights": {f"v{index}": weight for index, weight in enumerate(weights)}}
    flag = plain(type="string", variants=names, off="v0", default="v0", rules=[rule])
    flags = compiled(flag)
    return {person for person in PEOPLE[:200] if decided(flags, {PERSON_KEY: person}).variant == f"v{wanted}"}


def test_the_order_in_which_weights_are_written_means_nothing():
    one, other = {"on": 30_000, "off": 70_000}, {"off": 70_000, "on": 30_000}
    first, second = (compiled(plain(rules=[{"weights": weights}])) for weights in (one, other))

    for person in PEOPLE[:200]:
        assert decided(first, {PERSON_KEY: person}) == decided(second, {PERSON_KEY: person})


def test_two_flags_deal_independently():
    flags = compiled(*(plain(key, rules=[{"serve": "on", "share": 50_000}]) for key in ("a", "b")))
    both = sum(
        decided(flags, {PERSON_KEY: person}, "a").value and decided(flags, {PERSON_KEY: person}, "b").value
        for person in PEOPLE
    )

    # Four standard deviations of a binomial around a quarter.
    assert abs(both - 1000) < 4 * (4000 * 0.25 * 0.75) ** 0.5


def test_who_is_let_in_says_nothing_about_the_variant():
    rule = {"share": 50_000, "weights": {"on": 50_000, "off": 50_000}}
    flags = compiled(plain(default="off", rules=[rule]))
    found = [decided(flags, {PERSON_KEY: person}) for person in PEOPLE]
    let_in = [each for each in found if each.rule == 0]

    assert abs(len(let_in) - 2000) < 4 * (4000 * 0.25) ** 0.5
    assert abs(sum(each.value for each in let_in) - len(let_in) / 2) < 4 * (len(let_in) * 0.25) ** 0.5


@pytest.mark.parametrize("share", [1_000, 10_000, 33_333, 50_000, 90_000])
def test_a_rollout_meets_its_share(share):
    flags = compiled(plain(rules=[{"serve": "on", "share": share}]))
    count = sum(decided(flags, {PERSON_KEY: str(number)}).value for number in range(100_000))

    assert abs(count - share) < 500


def test_the_first_rule_that_matches_wins():
    flags = compiled(
        plain(
            rules=[
                {"people": ["1"], "serve": "off"},
                {"conditions": [condition("staff", "equals", True)], "serve": "on"},
            ]
        )
    )

    assert decided(flags, {PERSON_KEY: "1", "staff": True}).rule == 0
    assert decided(flags, {PERSON_KEY: "2", "staff": True}).rule == 1
    assert decided(flags, {PERSON_KEY: "2"})[:3] == ("off", False, "DEFAULT")


def test_a_killed_flag_serves_off_and_never_its_default():
    flag = plain(default="on", rules=[{"people": ["1"], "serve": "on"}])

    assert decided(compiled(flag, killed=["new_home"]), {PERSON_KEY: "1"})[:3] == ("off", False, "DISABLED")
    assert decided(compiled(flag), {}).value is True


def test_stickiness_is_the_person_else_the_device_else_nobody():
    flags = compiled(plain(rules=[{"serve": "on", "share": 99_999}]))

    assert decided(flags, {PERSON_KEY: "7", "device": "x"}) == decided(flags, {PERSON_KEY: "7", "device": "y"})
    assert decided(flags, {"device": "x"}).value is True
    assert decided(flags, {}).value is False


def test_any_attribute_can_be_stuck_to():
    team = {f"team-{number}" for number in range(200)}
    flags = compiled(plain(rules=[{"serve": "on", "share": 50_000, "sticky": "team"}]))
    answers = {
        each: {decided(flags, {"team": each, PERSON_KEY: person}).value for person in PEOPLE[:5]} for each in team
    }

    assert all(len(each) == 1 for each in answers.values())
    assert set().union(*answers.values()) == {True, False}


def test_a_schedule_begins_and_ends_at_its_moments():
    rule = {"serve": "on", "from": "2026-11-28T14:00+01:00", "until": "2026-11-28T13:30Z"}
    flags = compiled(plain(rules=[rule]))
    at = [1795870799, 1795870800, 1795872599, 1795872600]

    assert [decided(flags, {}, now=float(moment)).value for moment in at] == [False, True, True, False]


def test_a_prerequisite_that_is_not_met_serves_off():
    base = plain("base", default="on")
    flag = plain(default="on", requires={"base": ["on"]})

    assert decided(compiled(base, flag), {}).value is True
    assert decided(compiled(base, flag, killed=["base"]), {})[:3] == ("off", False, "PREREQUISITE_FAILED")


def test_a_rule_can_wait_for_another_flag():
    base = plain("base", rules=[{"people": ["1"], "serve": "on"}])
    flags = compiled(base, plain(rules=[{"requires": {"base": ["on"]}, "serve": "on"}]))

    assert [decided(flags, {PERSON_KEY: person}).value for person in "12"] == [True, False]


def test_a_segment_holds_its_people_and_those_who_meet_its_conditions():
    keepers = {"key": "keepers", "people": ["1"], "conditions": [condition("staff", "equals", True)]}
    flags = compiled(plain(rules=[{"segments": ["keepers"], "serve": "on"}]), segments=[keepers])

    assert [decided(flags, each).value for each in ({PERSON_KEY: "1"}, {"staff": True}, {PERSON_KEY: "2"})] == [
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(
    "context",
    [
        {f"a{number}": number for number in range(10_000)},
        {PERSON_KEY: "\ud800"},
        {PERSON_KEY: 1.5},
        {PERSON_KEY: ["1"]},
        {PERSON_KEY: True},
    ],
    ids=["too many", "surrogate", "float", "list", "bool"],
)
def test_a_bad_context_is_an_error_and_never_raises(context):
    flags = compiled(plain(rules=[{"people": ["1"], "serve": "on"}, {"serve": "on", "share": 50_000}]))

    found = decided(flags, context)

    assert (found.variant, found.reason, found.error) == (None, "ERROR", "INVALID_CONTEXT")
    assert found.details


values = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.lists(st.text(), max_size=3), st.binary()
)
contexts = st.dictionaries(st.sampled_from([PERSON_KEY, "device", "a", "b"]) | st.text(max_size=5), values, max_size=6)
OPERANDS = {
    "equals": "x",
    "in": ["x", 1, True],
    "contains": "x",
    "starts_with": "x",
    "ends_with": "x",
    "below": 3,
    "at_least": 3,
    "before": "2026-01-01",
    "not_before": "2026-01-01",
    "semver_at_least": "1.2.3-rc.1",
    "semver_equals": "1.2.3",
    "in_network": "10.0.0.0/8",
    "matches": "(a+)+$",
}


@given(context=contexts, operator=st.sampled_from(sorted(OPERANDS)), negate=st.booleans(), share=shares)
def test_no_context_raises_and_the_explanation_agrees(context, operator, negate, share):
    rules = [
        {"people": ["1"], "serve": "on"},
        {"conditions": [condition("a", operator, OPERANDS[operator], negate=negate)], "serve": "on", "share": share},
    ]
    flags = compiled(plain(rules=rules))

    found = evaluate(flags, "new_home", context, NOW)
    told = explanation.explain(flags, "new_home", context, NOW)

    assert told.decision == found
    assert [index for index, rule in enumerate(told.rules) if rule.outcome == "taken"] == [found.rule] * (
        found.rule >= 0
    )
    for rule in told.rules:
        assert rule.outcome != "taken" or all(step.held for step in rule.steps)
        assert rule.outcome != "passed" or not all(step.held for step in rule.steps)


def test_an_unknown_flag_is_told():
    assert decided(compiled(), {}).error == "FLAG_NOT_FOUND"


def test_more_attributes_than_allowed_is_the_border():
    flags = compiled(plain(default="on"))
    context = {f"a{number}": 1 for number in range(ATTRIBUTES_MAX)}

    assert decided(flags, context).value is True
    assert decided(flags, context | {"one": 1}).reason == "ERROR"


def test_half_a_character_has_no_bucket():
    with pytest.raises(BadContext):
        bucket("salt", "\udcff")
