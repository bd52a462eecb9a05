"""Giving tags: exactly those, in few statements, whatever many do at once; what is refused is refused by name."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from tagging import services
from tagging.models import COUNTED, Item, Tag, Tagging
from tests import factories
from tests.races import race


def tags_of(thing):
    return [tag.name for tag in services.tags_of(things=[thing])[thing.pk]]


def uses():
    return dict(Tag.objects.filter(usage_count__gt=0).values_list("name", "usage_count"))


def test_a_thing_carries_exactly_these(bread, alice):
    services.set_tags(thing=bread, names=["C++", "c#", "Machine  Learning"], by=alice)
    services.set_tags(thing=bread, names=["machine_learning", "C"], by=alice)

    assert tags_of(bread) == ["c", "machine-learning"]
    assert uses() == {"c": 1, "machine-learning": 1}
    assert services.recount_tags() == ([], [])


def test_the_first_way_to_write_it_is_kept(bread, alice):
    services.set_tags(thing=bread, names=["Node.js"], by=alice)
    services.set_tags(thing=bread, names=["NODE.JS"], by=alice)

    assert Tag.objects.get().display_name == "Node.js"


@pytest.mark.parametrize(("before", "most"), [(0, 5), (5, 5), (10, 4)])
def test_ten_tags_cost_five_statements_at_most(bread, alice, before, most):
    names = [f"tag{number}" for number in range(10)]
    services.set_tags(thing=factories.discussion(by=alice), names=names[:before] or ["x"], by=alice)

    with CaptureQueriesContext(connection) as queries, transaction.atomic(savepoint=False):
        services.set_tags(thing=bread, names=names, by=alice)

    assert len(queries) <= most
    assert len(tags_of(bread)) == 10


@pytest.mark.parametrize("count", [11, 10_001])
def test_more_than_ten_are_refused(bread, alice, count):
    with pytest.raises(services.NamesRefused, match="at most 10"):
        services.set_tags(thing=bread, names=(f"t{number}" for number in range(count)), by=alice)

    assert not Tag.objects.exists()


def test_every_refused_name_is_named_and_nothing_is_changed(bread, alice):
    services.set_tags(thing=bread, names=["flour"], by=alice)

    with pytest.raises(services.NamesRefused) as error:
        services.set_tags(thing=bread, names=["ok", "<b>", "x" * 51, "---"], by=alice)

    assert [reason[:4] for reason in error.value.reasons] == ["“<b>", "“xxx", "“---"]
    assert tags_of(bread) == ["flour"]
    assert not Tag.objects.filter(name="ok").exists()


def test_what_imitates_another_is_refused_with_the_other_offered(bread, alice):
    services.set_tags(thing=bread, names=["paypal"], by=alice)

    with pytest.raises(services.NamesRefused) as error:
        services.set_tags(thing=bread, names=["раypal"], by=alice)

    assert "mixed in one word" in str(error.value)
    assert "looks like the tag “paypal”" in str(error.value)


def test_what_is_wholly_of_another_script_and_looks_alike_is_refused(bread, alice):
    services.set_tags(thing=bread, names=["coop"], by=alice)

    with pytest.raises(services.NamesRefused, match="looks like the tag “coop”"):
        services.set_tags(thing=bread, names=["соор"], by=alice)


def test_a_synonym_gives_its_tag(bread, alice, tag):
    services.add_synonym(tag_id=tag("javascript").pk, name="js", by=alice, reason="same")

    services.set_tags(thing=bread, names=["JS", "javascript"], by=alice)

    assert tags_of(bread) == ["javascript"]


def test_what_is_implied_comes_along(bread, alice, tag):
    laser, workshop, house = tag("laser-cutter"), tag("workshop"), tag("house")
    services.add_implication(tag_id=laser.pk, implied_id=workshop.pk, by=alice, reason="is there")
    services.add_implication(tag_id=workshop.pk, implied_id=house.pk, by=alice, reason="is there")

    names = services.set_tags(thing=bread, names=["laser-cutter"], by=alice)

    assert names == tags_of(bread) == ["house", "laser-cutter", "workshop"]


@pytest.mark.django_db(transaction=True)
def test_what_is_deprecated_cannot_be_given_and_may_be_kept(bread, alice, tag, tagged):
    old = tagged("flash")
    services.set_standing(tag_id=tag("flash").pk, deprecated=True, by=alice, reason="gone")

    services.set_tags(thing=old, names=["flash", "web"], by=alice)
    with pytest.raises(services.NamesRefused, match="“flash” is not used any more"):
        services.set_tags(thing=bread, names=["flash"], by=alice)

    assert tags_of(old) == ["flash", "web"]


@pytest.mark.django_db(transaction=True)
def test_what_is_for_operators_is_given_by_operators(bread, alice, tag):
    services.set_standing(tag_id=tag("official").pk, reserved=True, by=alice, reason="ours")

    with pytest.raises(services.NamesRefused, match="operators only"):
        services.set_tags(thing=bread, names=["official"], by=alice)
    services.set_tags(thing=bread, names=["official"], by=alice, source=services.Source.OPERATOR)

    assert Tagging.objects.get(item__object_id=bread.pk).source == "operator"


def test_of_an_exclusive_group_a_thing_carries_one(bread, alice, tag):
    group = Tag.group.field.related_model.objects.create(name="State", exclusive=True)
    Tag.objects.filter(pk__in=[tag("open").pk, tag("done").pk]).update(group=group)

    with pytest.raises(services.NamesRefused, match="Choose one of done and open: of “State”"):
        services.set_tags(thing=bread, names=["open", "done"], by=alice)


def test_a_retired_tag_that_is_used_is_back(bread, alice, tag):
    tag("rare")
    Tag.objects.update(retired_at="2026-01-01T00:00Z")

    services.set_tags(thing=bread, names=["rare"], by=alice)

    assert Tag.objects.get().retired_at is None


def test_removing_a_thing_a_person_or_a_tag_keeps_the_counts(alice, bob, tagged, tag):
    one, two = tagged("a", "b"), tagged("b", "c")
    services.set_tags(thing=two, names=["b", "c", "d"], by=bob)

    one.delete()
    bob.delete()
    tag("c").delete()

    assert uses() == {"b": 1, "d": 1}
    assert tags_of(two) == ["b", "d"]
    assert services.recount_tags() == ([], [])


def test_a_name_and_a_look_are_there_once(tag):
    row = tag("python")

    for fields in ({"name": "python", "skeleton": "other"}, {"name": "other", "skeleton": row.skeleton}):
        with pytest.raises(IntegrityError, match="unique"), transaction.atomic(savepoint=True):
            Tag.objects.create(display_name="x", **fields)


@pytest.mark.parametrize("name", ["two words", "under_score", ""])
def test_a_name_that_is_not_normalised_cannot_be_stored(db, name):
    with pytest.raises(IntegrityError, match="tag_name_is_normalised"):
        Tag.objects.create(name=name, display_name="x", skeleton="x")


def test_a_thing_carries_a_tag_once(tagged, tag):
    tagged("a")
    row = Tagging.objects.get()

    with pytest.raises(IntegrityError, match="item_carries_a_tag_once"):
        Tagging.objects.create(item=row.item, tag=row.tag)


def test_a_count_below_zero_and_an_unknown_source_cannot_be_stored(tagged):
    tagged("a")

    with pytest.raises(IntegrityError, match="tag_usage_is_never_below_zero"), transaction.atomic(savepoint=True):
        Tag.objects.update(usage_count=-1)
    with pytest.raises(IntegrityError, match="tagging_has_a_source"), transaction.atomic(savepoint=True):
        Tagging.objects.update(source="robot")


@pytest.mark.django_db(transaction=True)
def test_many_who_make_the_same_tags_in_any_order_make_them_once(alice):
    names = [f"new{number}" for number in range(8)]
    things = [factories.discussion(by=alice) for _ in range(10)]

    results = race(
        *(
            lambda thing=thing, turn=turn: services.set_tags(
                thing=thing, names=names[turn % 8 :] + names[: turn % 8][::-1], by=alice
            )
            for turn, thing in enumerate(things)
        )
    )

    assert results == [sorted(names)] * 10
    assert uses() == dict.fromkeys(names, 10)


@pytest.mark.django_db(transaction=True)
def test_many_who_swap_tags_do_not_deadlock(alice):
    names = ["a", "b", "c", "d", "e", "f"]
    things = [factories.discussion(by=alice) for _ in range(10)]
    for turn, thing in enumerate(things):
        services.set_tags(thing=thing, names=names[:3] if turn % 2 else names[3:], by=alice)

    results = race(
        *(
            lambda thing=thing, turn=turn: services.set_tags(
                thing=thing, names=names[3:] if turn % 2 else names[:3], by=alice
            )
            for turn, thing in enumerate(things)
        )
    )

    assert not [each for each in results if isinstance(each, Exception)]
    assert COUNTED.differences() == []


@pytest.mark.django_db(transaction=True)
def test_two_who_tag_one_thing_come_one_after_the_other(bread, alice):
    results = race(*(lambda name=name: services.set_tags(thing=bread, names=[name], by=alice) for name in "abcdefgh"))

    assert not [each for each in results if isinstance(each, Exception)]
    assert len(tags_of(bread)) == 1
    assert Item.objects.count() == 1
    assert services.recount_tags() == ([], [])
