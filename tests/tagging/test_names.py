"""Invariant 1: one form for each meaning, whatever Unicode form it came in."""

import unicodedata

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tagging import addresses, names

FORMS = ("NFC", "NFD", "NFKC", "NFKD")
NAMES = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zs", "So")), min_size=1, max_size=30)


def form_of(raw):
    try:
        return names.normalise(raw)
    except names.NameRefused:
        return None


def test_six_tags_stay_six():
    forms = [names.normalise(raw) for raw in ("c", "C#", "C++", ".NET", "net", "Node.js")]

    assert forms == ["c", "c#", "c++", ".net", "net", "node.js"]


@pytest.mark.parametrize("raw", ["Machine  Learning", "machine_learning", "machine-learning", "_Machine – Learning_"])
def test_spaces_underscores_and_hyphens_are_one(raw):
    assert names.normalise(raw) == "machine-learning"


@pytest.mark.parametrize(
    ("raw", "form"),
    [
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
        ("Ｆｕｌｌ", "full"),
        ("ﬁle", "file"),
        ("日本語", "日本語"),
        ("हिन्दी", "हिन्दी"),
        ("العربية", "العربية"),
        ("ไทย", "ไทย"),
        ("Ελληνικά", "ελληνικά"),
        ("x" * 50, "x" * 50),
        ("soft\u00adhyphen", "softhyphen"),
        ("zero\u200bwidth", "zerowidth"),
        ("²", "2"),
    ],
)
def test_every_script_has_names(raw, form):
    assert names.normalise(raw) == form


@given(NAMES)
def test_a_form_is_its_own_form(raw):
    form = form_of(raw)
    assume(form is not None)

    assert names.normalise(form) == form


@given(NAMES, st.sampled_from(FORMS))
def test_the_unicode_form_makes_no_difference(raw, form):
    assert form_of(unicodedata.normalize(form, raw)) == form_of(raw)


def test_no_character_breaks_either_rule():
    broken = []
    for point in [*range(0, 0x3000), *range(0x3000, 0x30000, 5), *range(0xE0000, 0xE0200)]:
        raw = f"x{chr(point)}y"
        form = form_of(raw)
        if form is not None and form_of(form) != form:
            broken.append(hex(point))
        if point % 7 == 0 and any(form_of(unicodedata.normalize(each, raw)) != form for each in FORMS):
            broken.append(hex(point))

    assert broken == []


@given(st.text(max_size=60))
def test_whatever_is_typed_is_a_name_or_is_refused(raw):
    form = form_of(raw)

    assert form is None or 1 <= len(form) <= names.LENGTH_MAX
    assert all(sign in names.SIGNS or names.is_letter(sign) for sign in form or "")


@given(st.text(max_size=60))
def test_a_refusal_can_be_shown_whatever_was_typed(raw):
    assume(form_of(raw) is None)

    with pytest.raises(names.NameRefused, match="“") as error:
        names.normalise(raw)

    assert str(error.value).isprintable()


@pytest.mark.parametrize(
    ("one", "other"), [("раypal", "paypal"), ("аррӏе", "appie"), ("ορεη", "ορεη"), ("gооgle", "google")]
)
def test_what_looks_alike_has_one_skeleton(one, other):
    assert names.skeleton(names.normalise(one)) == names.skeleton(names.normalise(other))


@pytest.mark.parametrize(("one", "other"), [("i18n", "l18n"), ("schön", "schon"), ("c1", "ci"), ("burn", "bum")])
def test_what_people_tell_apart_has_two_skeletons(one, other):
    assert names.skeleton(one) != names.skeleton(other)


@pytest.mark.parametrize(
    ("name", "mixed"),
    [("раypal", True), ("google-гугл", False), ("日本語-fan", False), ("αβγ", False), ("aβ", True), ("c++", False)],
)
def test_a_word_of_two_scripts_is_seen(name, mixed):
    assert names.mixes_scripts(name) is mixed


@pytest.mark.parametrize(
    ("name", "starts"),
    [
        ("machine-learning", ["machine-learning", "learning"]),
        ("node.js", ["node.js", "js"]),
        (".net", [".net", "net"]),
        ("c++", ["c++"]),
        ("a-b.c", ["a-b.c", "b.c", "c"]),
    ],
)
def test_a_name_is_found_from_each_of_its_words(name, starts):
    assert names.beginnings(name) == starts


@pytest.mark.parametrize("typed", ["javascript", "javscript", "jvascript", "javasrcipt", "javvascript", "javaxcript"])
def test_a_slip_is_seen(typed):
    assert names.is_slip(typed, "javascript")
    shared = names.slips(typed[: names.SLIP_MAX]) & names.slips_of_beginnings("javascript")
    assert shared


@pytest.mark.parametrize("typed", ["python", "jvscript", "avsacript"])
def test_two_slips_are_too_many(typed):
    assert not names.is_slip(typed, "javascript")


@given(st.text("abc", min_size=4, max_size=8), st.integers(0, 7), st.sampled_from("abcd"))
def test_every_single_slip_is_found_by_what_it_shares(name, at, sign):
    at %= len(name)
    for typed in (name[:at] + name[at + 1 :], name[:at] + sign + name[at:], name[:at] + sign + name[at + 1 :]):
        if len(typed) >= names.SLIP_MIN:
            assert names.is_slip(typed, name)
            assert names.slips(typed[: names.SLIP_MAX]) & names.slips_of_beginnings(name)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("python+django", ["python", "django"]),
        ("c++", ["c++"]),
        ("c+++python", ["c++", "python"]),
        ("python+c++", ["python", "c++"]),
        ("c++11+c++", ["c++11", "c++"]),
        ("c+c#", ["c", "c#"]),
        ("unknown+python", ["unknown", "python"]),
        ("+", ["+"]),
    ],
)
def test_an_address_is_read_by_what_is_there(address, said):
    known = {"python", "django", "c", "c++", "c++11", "c#"}

    assert addresses.resolve(address, known & (addresses.candidates(address) | {""})) == said


@given(st.lists(st.sampled_from(["c", "c++", "c#", ".net", "python", "c++11", "g++"]), min_size=1, max_size=5))
def test_an_address_of_ours_is_read_back(said):
    known = {"c", "c++", "c#", ".net", "python", "c++11", "g++"}

    assert addresses.join(addresses.resolve(addresses.join(said), known)) == addresses.join(said)


def test_names_are_split_at_commas_and_lines_and_none_is_there_twice():
    assert names.split(" C++, c#\nmachine learning,,C++ ,") == ["C++", "c#", "machine learning"]
