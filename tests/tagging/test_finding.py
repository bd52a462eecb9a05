"""Find by several tags: all, any, none; pages that hold while things arrive; suggestions; related tags."""

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lib.keyset import CursorInvalid
from tagging import services
from tagging.models import Item, Tag
from tests import factories


def wanted(all_of="", any_of="", none_of=""):
    return services.Wanted(*(services.read_tags(names=each.split()) for each in (all_of, any_of, none_of)))


def titles(asked, user, **more):
    return [thing.title for thing in services.find(wanted=asked, user=user, **more).things]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (("a",), ["a c", "a b c", "a b"]),
        (("a b",), ["a b c", "a b"]),
        (("a", "b c"), ["a c", "a b c", "a b"]),
        (("", "b c"), ["c", "a c", "a b c", "a b"]),
        (("a", "", "c"), ["a b"]),
        (("", "a c", "b"), ["c", "a c"]),
    ],
)
def test_all_any_and_none(alice, tagged, asked, found):
    for names in ("a b", "a b c", "a c", "c"):
        tagged(*names.split())

    assert titles(wanted(*asked), alice) == found
    assert services.count_found(wanted=wanted(*asked)) == len(found)


@pytest.mark.parametrize("walk", [0, 3, 400])
def test_both_ways_to_find_give_the_same(alice, tagged, monkeypatch, walk):
    for number in range(30):
        tagged("a", *(["b"] if number % 2 else []), *(["c"] if number % 3 else []), title=str(number))
    monkeypatch.setattr("tagging.services.finding.WALK", walk)

    pages, cursor = [], ""
    while cursor is not None:
        page = services.find(wanted=wanted("a b", "", "c"), user=alice, limit=2, cursor=cursor)
        pages.append([thing.title for thing in page.things])
        cursor = page.next

    assert [title for page in pages for title in page] == ["27", "21", "15", "9", "3"]
    assert max(map(len, pages)) == 2


def test_pages_hold_while_things_arrive(alice, tagged):
    for number in range(7):
        tagged("a", title=str(number))
    first = services.find(wanted=wanted("a"), user=alice, limit=3)
    tagged("a", title="new")

    second = services.find(wanted=wanted("a"), user=alice, limit=3, cursor=first.next)
    third = services.find(wanted=wanted("a"), user=alice, limit=3, cursor=second.next)

    found = [thing.title for page in (first, second, third) for thing in page.things]
    assert found == ["6", "5", "4", "3", "2", "1", "0"]
    assert third.next is None


@pytest.mark.parametrize("cursor", ["x", "x" * 9000, "a:b:c", "\0", "WyJ4Il0:x"])
def test_a_cursor_that_was_made_up_is_refused(alice, tagged, cursor):
    tagged("a")

    with pytest.raises(CursorInvalid):
        services.find(wanted=wanted("a"), user=alice, cursor=cursor)


def test_what_a_person_may_not_see_is_not_found_and_the_page_is_filled_behind_it(alice, tagged, monkeypatch):
    for number in range(9):
        tagged("a", title=str(number))
    whole = factories.Discussion.objects.all().query.model._default_manager.__class__
    monkeypatch.setattr(whole, "visible_to", lambda self, user: self.filter(title__in=["0", "2", "8"]), raising=False)

    assert titles(wanted("a"), alice, limit=3) == ["8", "2", "0"]


def test_a_thing_has_the_place_of_its_own_moment(alice, tagged):
    tagged("a", title="new")
    old = factories.discussion(by=alice, title="old")
    factories.Discussion.objects.filter(pk=old.pk).update(created_at="2020-01-01T00:00Z")
    old.refresh_from_db()

    services.set_tags(thing=old, names=["a"], by=alice)

    assert titles(wanted("a"), alice) == ["new", "old"]


def test_an_unknown_tag_is_named(db):
    with pytest.raises(services.UnknownTag, match="“nothing”"):
        services.read_tags(names=["nothing"])
    with pytest.raises(services.UnknownTag, match="at most 8"):
        services.read_tags(names=[f"t{number}" for number in range(9)])


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.lists(st.frozensets(st.sampled_from("abcd"), min_size=1), min_size=1, max_size=6),
    st.frozensets(st.sampled_from("abcd"), min_size=1, max_size=3),
    st.frozensets(st.sampled_from("abcd"), max_size=2),
)
def test_what_is_found_is_what_a_plain_look_finds(alice, tagged, things, all_of, none_of):
    factories.Discussion.objects.all().delete()
    for name in "abcd":
        tagged(name).delete()
    for number, names in enumerate(things):
        tagged(*names, title=str(number))
    plain = [
        str(number) for number, names in reversed(list(enumerate(things))) if all_of <= names and not (none_of & names)
    ]

    assert titles(wanted(" ".join(all_of), "", " ".join(none_of)), alice) == plain


# --- Suggestions ------------------------------------------------------------------------------------------


@pytest.fixture
def vocabulary(alice, tagged):
    for _ in range(3):
        tagged("javascript")
    tagged("java", "machine-learning", "C++", "C#", "Node.js")
    js = services.add_synonym(tag_id=Tag.objects.get(name="javascript").pk, name="js", by=alice, reason="x")
    return js


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("javasc", ["javascript"]),
        ("java", ["java", "javascript"]),
        ("JA", ["javascript", "java"]),
        ("learn", ["machine-learning"]),
        ("machine l", ["machine-learning"]),
        ("js", ["js → javascript", "Node.js"]),
        ("c", ["C#", "C++"]),
        ("c+", ["C++"]),
        ("javsc", ["javascript"]),
        ("jvascript", ["javascript"]),
        ("mahcine", ["machine-learning"]),
        ("xyz", []),
        ("", []),
        ("<b>", []),
        ("%", []),
        ("_", []),
        ("\0", []),
        ("\ud800", []),
        ("x" * 500, []),
    ],
)
@pytest.mark.parametrize("lists", [False, True])
def test_what_begins_so_is_suggested(vocabulary, monkeypatch, typed, found, lists):
    if lists:
        monkeypatch.setattr("tagging.services.suggesting.CROWDED", 1)
        assert services.refresh_shortlists() > 0

    assert [each.label for each in services.suggest(text=typed)] == found


def test_what_is_retired_or_deprecated_is_not_suggested(vocabulary, alice):
    Tag.objects.filter(name="java").update(retired_at="2026-01-01T00:00Z")
    services.set_standing(tag_id=Tag.objects.get(name="javascript").pk, deprecated=True, by=alice, reason="x")

    assert services.suggest(text="java") == []
    assert services.suggest(text="js") == [] or services.suggest(text="js")[0].label == "Node.js"


def test_related_tags_are_those_that_stand_together_most_for_their_size(alice, tagged, tag):
    for _ in range(4):
        tagged("python", "django")
    for _ in range(8):
        tagged("python", "news")
    for _ in range(20):
        tagged("news")

    assert [each.name for each in services.related_tags(tag=tag("python"))] == ["django", "news"]


def test_the_table_is_not_walked_for_a_rare_pair(alice, tagged):
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO tagging_item (content_type_id, object_id, at, tag_ids)"
            " SELECT 1, n, now(), ARRAY[mod(n, 500), 1000] FROM generate_series(1, 20000) AS n"
        )
        cursor.execute("ANALYZE tagging_item")
        cursor.execute(
            "EXPLAIN WITH found AS MATERIALIZED (SELECT * FROM tagging_item WHERE tag_ids @> ARRAY[7, 1000]::bigint[])"
            " SELECT * FROM found ORDER BY at DESC LIMIT 20"
        )
        plan = "\n".join(row[0] for row in cursor.fetchall())

    assert "Bitmap Index Scan on item_tags" in plan
    assert Item.objects.count() == 20000
