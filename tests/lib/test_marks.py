"""Marks of texts."""

from hypothesis import given
from hypothesis import strategies as st

from lib.marks import mark_of


def test_a_mark_is_sixteen_hexadecimal_digits_and_stays():
    assert mark_of("Bread", "Flour.") == mark_of("Bread", "Flour.")
    assert len(mark_of("")) == 16
    assert int(mark_of("a"), 16)


@given(st.lists(st.text()), st.lists(st.text()))
def test_other_texts_have_another_mark(left, right):
    assert (mark_of(*left) == mark_of(*right)) == (left == right)
