"""A wait grows, is bounded, is shifted by no more than it may be, and obeys the other side and the last moment."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib import ladder

SECONDS = st.floats(0, 1e6)
FACTORS = st.floats(1, 10)
SHARES = st.floats(0, 1)
JUST = 1e-9


@given(st.integers(1, 400), SECONDS, FACTORS, SECONDS)
def test_a_rung_is_no_lower_than_the_one_before_and_no_higher_than_the_limit(failures, first, factor, most):
    rungs = [ladder.rung(n, first=first, factor=factor, most=most) for n in (failures, failures + 1)]

    assert 0 <= rungs[0] <= rungs[1] <= most


@given(st.integers(1, 60), st.floats(0.1, 1e3), FACTORS)
def test_below_the_limit_each_rung_is_so_many_times_the_one_before(failures, first, factor):
    low, high = (ladder.rung(n, first=first, factor=factor, most=float("inf")) for n in (failures, failures + 1))

    assert high == pytest.approx(low * factor)
    assert ladder.rung(1, first=first, factor=factor, most=float("inf")) == first


@given(st.integers(max_value=0))
def test_before_anything_failed_there_is_no_rung(failures):
    with pytest.raises(ValueError, match="nothing failed"):
        ladder.rung(failures, first=1, factor=2, most=3)


def test_after_very_many_failures_it_is_still_the_limit():
    assert ladder.rung(10**9, first=60, factor=2, most=14400) == 14400


@given(SECONDS, SHARES, SHARES)
def test_a_wait_is_shifted_within_its_limits(seconds, jitter, draw):
    found = ladder.wait(seconds, jitter=jitter, draw=draw)

    assert seconds * (1 - jitter) * (1 - JUST) <= found <= seconds * (1 + jitter) * (1 + JUST)


@given(SECONDS, SHARES)
def test_the_draws_reach_from_one_end_to_the_other(seconds, jitter):
    low, middle, high = (ladder.wait(seconds, jitter=jitter, draw=draw) for draw in (0.0, 0.5, 1.0))

    assert (low, middle, high) == pytest.approx((seconds * (1 - jitter), seconds, seconds * (1 + jitter)))


@given(SECONDS, SHARES, SHARES, SECONDS, SECONDS)
def test_what_the_other_side_asks_for_makes_a_wait_longer_up_to_a_limit_and_never_shorter(
    seconds, jitter, draw, asked, most
):
    plain = ladder.wait(seconds, jitter=jitter, draw=draw)

    found = ladder.wait(seconds, jitter=jitter, draw=draw, asked=asked, asked_most=most)

    assert found == max(plain, min(asked, most))


@given(SECONDS, SHARES, SHARES, SECONDS, st.floats(-1e6, 1e6))
def test_nothing_is_tried_after_the_last_moment_nor_before_the_other_side_wants_it(seconds, jitter, draw, asked, left):
    found = ladder.wait(seconds, jitter=jitter, draw=draw, asked=asked, asked_most=1e6, left=left)

    if found is None:
        assert left <= 0 or asked > left
    else:
        assert asked <= found <= left
        assert found == min(ladder.wait(seconds, jitter=jitter, draw=draw, asked=asked, asked_most=1e6), left)
