"""How counts and names are read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from likes import kinds


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, "0"),
        (999, "999"),
        (1000, "1K"),
        (1204, "1.2K"),
        (1999, "1.9K"),
        (12_999, "12K"),
        (999_999, "999K"),
        (1_250_000, "1.2M"),
        (3 * 10**9, "3B"),
    ],
)
def test_a_count_is_shortened_and_never_rounded_up(count, words):
    assert kinds.shortened(count) == words


@pytest.mark.parametrize(
    ("names", "count", "words"),
    [
        ([], 0, ""),
        ([], 1, "1 person"),
        ([], 7, "7 people"),
        (["Alice"], 1, "Alice"),
        (["Alice", "Bob"], 1, "Alice"),
        (["Alice", "Bob"], 2, "Alice and Bob"),
        (["Alice", "Bob"], 3, "Alice, Bob and 1 other"),
        (["Alice", "Bob"], 1206, "Alice, Bob and 1,204 others"),
    ],
)
def test_who_it_was_is_told_as_people_say_it(names, count, words):
    assert kinds.told(names, count) == words


@given(st.integers(0, 10**12))
def test_no_shortened_count_promises_more_than_there_is(count):
    words = kinds.shortened(count)
    size = {"K": 10**3, "M": 10**6, "B": 10**9}.get(words[-1], 1)

    assert len(words) <= 5
    assert float(words.rstrip("KMB")) * size <= count + 0.5


@given(st.sets(st.sampled_from(kinds.FAMILIES)), st.lists(st.sampled_from(sorted(kinds.SIGNS)), unique=True))
def test_only_what_is_of_a_things_families_is_offered(families, emoji):
    offered = kinds.offered(tuple(families), emoji)

    assert {kind.family for kind in offered} <= families
    assert [kind.slug for kind in offered if kind.family == kinds.EMOJI] == (emoji if kinds.EMOJI in families else [])
