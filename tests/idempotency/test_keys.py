"""How keys are read and content is compared."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idempotency import fingerprints, keys

VISIBLE = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=255)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def quoted(key):
    return '"' + key.replace("\\", "\\\\").replace('"', '\\"') + '"'


@given(VISIBLE)
def test_a_quoted_key_is_the_key_inside(key):
    assert keys.parse(quoted(key)) == key


@given(VISIBLE.filter(lambda key: not key.startswith('"')))
def test_a_raw_key_is_itself(key):
    assert keys.parse(key) == key
    assert keys.parse(f" {key}\t") == key


@given(st.text())
def test_whatever_comes_is_a_key_or_malformed(raw):
    try:
        key = keys.parse(raw)
    except keys.MalformedKey:
        key = "malformed"

    assert keys.VISIBLE.fullmatch(key)


@given(JSON)
def test_json_is_the_same_however_it_is_written(value):
    one = json.dumps(value, sort_keys=True).encode()
    two = json.dumps(value, indent=3, ensure_ascii=False).encode("utf-8", "surrogatepass")

    assert fingerprints.of_json(one) == fingerprints.of_json(two)


@pytest.mark.parametrize(
    ("one", "two"), [("1", "1.0"), ("1", '"1"'), ("0.1", "0.10"), ("[1,2]", "[2,1]"), ("null", "false"), ("{", "[")]
)
def test_other_json_is_other_content(one, two):
    found = [
        fingerprints.digest(method="POST", route="x", address="/x", body=fingerprints.of_json(each.encode()))
        for each in (one, two)
    ]

    assert found[0] != found[1]


def test_the_values_of_one_field_keep_their_order_and_the_fields_do_not():
    form = fingerprints.of_form({"a": ["1", "2"], "b": ["3"], "token": ["x"]}, without=["token"])

    assert form == fingerprints.of_form({"b": ["3"], "a": ["1", "2"]})
    assert form != fingerprints.of_form({"a": ["2", "1"], "b": ["3"]})


def test_a_file_is_its_content_name_and_type():
    part = fingerprints.Part("photo", "a.png", "image/png", "0" * 64)

    assert fingerprints.of_form({}, [part]) != fingerprints.of_form({}, [part._replace(sha256="1" * 64)])
    assert fingerprints.of_form({}, [part]) != fingerprints.of_form({}, [part._replace(name="b.png")])
    other = part._replace(field="cover")
    assert fingerprints.of_form({}, [part, other]) == fingerprints.of_form({}, [other, part])


def test_json_as_deep_as_can_be_read_has_a_fingerprint():
    depths = [*range(50, 1200, 50), *range(900, 1000)]
    bodies = [opening * depth + b"1" + closing * depth for depth in depths for opening, closing in _NESTS]

    found = [fingerprints.digest(method="", route="", address="", body=fingerprints.of_json(body)) for body in bodies]

    assert len(set(found)) == len(set(bodies))


_NESTS = [(b"[", b"]"), (b'{"a":', b"}")]
