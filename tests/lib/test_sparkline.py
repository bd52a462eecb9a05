"""A chart lies in its box and says what it shows, whatever the values."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib import sparkline

values = st.lists(st.floats(-1e9, 1e9), min_size=2, max_size=200)


def points(chart):
    return [tuple(map(float, point.split(","))) for point in chart.line.split()]


@given(values, st.integers(20, 400), st.integers(10, 200))
def test_every_point_lies_in_the_box_and_time_goes_right(numbers, width, height):
    chart = sparkline.draw(numbers, span="24 hours", width=width, height=height)

    drawn = points(chart)
    assert len(drawn) == len(numbers)
    assert all(2 <= x <= width - 2 and 2 <= y <= height - 2 for x, y in drawn)
    assert all(left[0] <= right[0] for left, right in pairwise(drawn))
    assert (chart.last_x, chart.last_y) == drawn[-1]


@given(values)
def test_what_is_more_is_drawn_higher(numbers):
    drawn = points(sparkline.draw(numbers, span="24 hours", width=160, height=32))

    ranked = sorted(zip(numbers, (y for _, y in drawn), strict=True), key=lambda pair: pair[0])
    assert all(lower[1] >= higher[1] for lower, higher in pairwise(ranked))


@given(st.floats(0, 1e9), st.integers(2, 50))
def test_a_flat_line_of_zero_lies_on_the_ground_and_of_more_at_the_top(value, count):
    chart = sparkline.draw([value] * count, span="24 hours", width=160, height=32)

    assert len({y for _, y in points(chart)}) == 1
    if value == 0:
        assert chart.last_y == 30


@given(values)
def test_the_words_say_lowest_highest_and_latest(numbers):
    words = sparkline.draw(numbers, span="24 hours", width=160, height=32).words

    assert words == f"Over 24 hours: lowest {min(numbers):g}, highest {max(numbers):g}, now {numbers[-1]:g}."


@pytest.mark.parametrize("numbers", [[], [1.0]])
def test_a_line_needs_two_values(numbers):
    with pytest.raises(ValueError, match="two values"):
        sparkline.draw(numbers, span="24 hours", width=160, height=32)
