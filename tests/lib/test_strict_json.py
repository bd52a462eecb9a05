"""What a careful reader takes for JSON, and what it refuses."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib import strict_json

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63) + 1, 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=10,
)


@given(VALUES)
def test_what_can_be_kept_is_read_as_it_is(value):
    assert strict_json.read(json.dumps(value).encode()) == value


@pytest.mark.parametrize(
    "raw",
    [
        b"{",
        b"{} {}",
        b"{'a': 1}",
        b"\xff\xfe",
        '{"a": 1}'.encode("utf-16"),
        b"\xef\xbb\xbf{}",
        b"NaN",
        b"[Infinity]",
        b"[-Infinity]",
        b"[1e999]",
        b"[9223372036854775808]",
        b"[" + b"9" * 5000 + b"]",
        b'{"a": 1, "a": 2}',
        b"[" * 33 + b"]" * 33,
        b"[" * 100_000 + b"]" * 100_000,
    ],
    ids=lambda raw: raw[:20].decode("latin-1"),
)
def test_what_is_no_json_of_ours_is_refused(raw):
    with pytest.raises(strict_json.NotJson):
        strict_json.read(raw)


@pytest.mark.parametrize(
    ("raw", "pointer"),
    [
        (b'{"a": ["b", "c\\u0000"]}', "/a/1"),
        (b'{"a/b": {"~": "\\ud800"}}', "/a~1b/~0"),
        (b'{"a": {"\\u0000": 1}}', "/a"),
        (b'"\\udfff"', ""),
    ],
)
def test_text_that_cannot_be_stored_is_named(raw, pointer):
    with pytest.raises(strict_json.NotStorable) as caught:
        strict_json.read(raw)

    assert caught.value.pointer == pointer


def test_the_deepest_nesting_that_is_taken():
    assert strict_json.read(b"[" * 32 + b"]" * 32)
