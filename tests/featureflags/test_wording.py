"""Flags in words, and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from featureflags.evaluation.definitions import Refused, conditions
from featureflags.evaluation.wording import (
    condition_in_words,
    differences,
    parse_conditions,
    parse_requires,
    percent,
)
from tests.featureflags.conftest import condition

words = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=20)
scalars = st.one_of(words, st.integers(-(10**9), 10**9), st.booleans())


@given(
    given=st.one_of(
        st.builds(lambda value: condition("a", "equals", value), scalars),
        st.builds(lambda value: condition("a", "in", value, negate=True), st.lists(scalars, min_size=1, max_size=4)),
        st.builds(lambda value: condition("a", "ends_with", value), words),
        st.builds(lambda value: condition("a", "below", value), st.integers(-100, 100)),
    )
)
def test_a_condition_comes_back_from_its_line(given):
    [found] = parse_conditions(condition_in_words(given))

    assert conditions([found], "c") == [given]
    assert [type(each) for each in _values(found)] == [type(each) for each in _values(given)]


def _values(given):
    return given["value"] if isinstance(given["value"], list) else [given["value"]]


@pytest.mark.parametrize("text", ["country", "country in", "not country", "country resembles PT", "a equals 1\nb"])
def test_a_line_that_is_no_condition_is_refused(text):
    with pytest.raises(Refused, match="line"):
        parse_conditions(text)


def test_needs_in_lines():
    assert parse_requires("base = on, beta\n\nother=x") == {"base": ["on", "beta"], "other": ["x"]}
    with pytest.raises(Refused, match="line 1"):
        parse_requires("base")


@pytest.mark.parametrize(("share", "words"), [(0, "0 %"), (5_000, "5 %"), (12_345, "12.345 %"), (100_000, "100 %")])
def test_percentages(share, words):
    assert percent(share) == words


def test_differences_are_sentences():
    before = {"killed": False, "tags": ["a"], "variants": {"on": True}, "rules": [{"name": "x", "people": ["1"]}]}
    after = {"killed": True, "tags": ["b"], "variants": {"on": True, "off": 0}, "rules": [{"name": "y", "people": []}]}

    assert differences(before, after) == [
        "killed: no → yes",
        "tags: removed a",
        "tags: added b",
        "variants.off: added 0",
        "rule 1.name: x → y",
        "rule 1.people: removed 1",
    ]
    assert (differences(None, after), differences(before, before)) == (["created"], [])
