"""Merges move everything, can stop anywhere, and can be undone; synonyms point one step; no circles."""

from datetime import timedelta

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.utils import timezone

from tagging import services
from tagging.models import Implication, Merge, Tag, TagChange, TagFollow
from tests import factories
from tests.races import Gate, held, race


def merge(source, target, by=None):
    row = services.begin_merge(source_id=source.pk, target_id=target.pk, by=by, reason="the same")
    return services.finish_merge(merge_id=row.pk)


def tags_of(thing):
    return [tag.name for tag in services.tags_of(things=[thing])[thing.pk]]


def state():
    return (
        sorted(Tag.objects.values_list("name", "usage_count", "canonical__name")),
        sorted(TagFollow.objects.values_list("user__email", "tag__name", "kind")),
    )


def test_a_merge_moves_things_and_followers_and_leaves_a_synonym(alice, bob, tagged, tag):
    both, one = tagged("js", "javascript"), tagged("js", "web")
    services.follow_tag(tag=tag("js"), kind="follow", by=alice)
    services.follow_tag(tag=tag("js"), kind="follow", by=bob)
    services.follow_tag(tag=tag("javascript"), kind="mute", by=bob)

    done = merge(tag("js"), tag("javascript"), by=alice)

    assert tags_of(both) == ["javascript"]
    assert tags_of(one) == ["javascript", "web"]
    assert state() == (
        [("javascript", 2, None), ("js", 0, "javascript"), ("web", 1, None)],
        [(alice.email, "javascript", "follow"), (bob.email, "javascript", "mute")],
    )
    assert (done.moved, done.finished_at is not None) == (2, True)
    assert services.recount_tags() == ([], [])
    assert TagChange.objects.get().what == "merged into javascript"


def test_an_undone_merge_leaves_everything_as_it_was_but_what_came_since(alice, bob, tagged, tag):
    tagged("js", "javascript")
    tagged("js", "web")
    services.add_synonym(tag_id=tag("javascript").pk, name="ecmascript", by=alice, reason="x")
    services.follow_tag(tag=tag("js"), kind="follow", by=alice)
    services.follow_tag(tag=tag("js"), kind="follow", by=bob)
    services.follow_tag(tag=tag("javascript"), kind="mute", by=bob)
    before = state()
    done = merge(tag("js"), tag("javascript"))
    since = tagged("js")

    services.undo_merge(merge_id=done.pk, by=alice)
    services.finish_merge(merge_id=done.pk)
    since.delete()

    assert state() == before
    assert services.recount_tags() == ([], [])


@pytest.mark.django_db(transaction=True)
def test_a_merge_goes_on_where_it_stopped_and_is_whole_meanwhile(alice, tagged, tag):
    things = [tagged("js", *(["javascript"] if number % 3 else [])) for number in range(7)]
    row = services.begin_merge(source_id=tag("js").pk, target_id=tag("javascript").pk, by=alice, reason="x")
    counts = []

    while True:
        wanted = services.Wanted(services.read_tags(names=["js"]))
        counts.append(len(services.find(wanted=wanted, user=alice).things))
        assert services.recount_tags() == ([], [])
        assert all(tags_of(thing) == ["javascript"] for thing in things)
        if not services.continue_merge(merge_id=row.pk, most=2):
            break

    assert counts == [7] * 5
    assert services.continue_merges() == 0
    assert Merge.objects.get().finished_at is not None


@pytest.mark.django_db(transaction=True)
def test_a_merge_that_somebody_left_is_finished_by_the_sweep_and_by_two_at_once(alice, tagged, tag):
    for _ in range(6):
        tagged("js")
    services.begin_merge(source_id=tag("js").pk, target_id=tag("javascript").pk, by=alice, reason="x")

    results = race(services.continue_merges, services.continue_merges)

    assert not [each for each in results if isinstance(each, Exception)]
    assert tag("javascript").usage_count == 7
    assert services.recount_tags() == ([], [])


@pytest.mark.django_db(transaction=True)
def test_who_tags_while_a_merge_begins_gets_the_tag_that_stays(alice, tag):
    thing = factories.discussion(by=alice)
    source, target = tag("js"), tag("javascript")

    with held(
        Gate(), lambda: services.set_tags(thing=thing, names=["js"], by=alice), "WITH RECURSIVE meant"
    ) as outcome:
        row = services.begin_merge(source_id=source.pk, target_id=target.pk, by=alice, reason="x")

    services.finish_merge(merge_id=row.pk)
    assert outcome == [["javascript"]]
    assert tags_of(thing) == ["javascript"]
    assert tag("js").usage_count == 0


def test_what_cannot_be_merged_is_refused(alice, tag):
    js, javascript = tag("js"), tag("javascript")
    merge(js, javascript)
    js.refresh_from_db()

    for source, target in ((js, javascript), (javascript, js), (javascript, javascript)):
        with pytest.raises(services.NotAllowed):
            services.begin_merge(source_id=source.pk, target_id=target.pk, by=alice, reason="x")
    with pytest.raises(services.UnknownTag):
        services.begin_merge(source_id=0, target_id=javascript.pk, by=alice, reason="x")


def test_a_merge_is_undone_once_and_within_thirty_days(alice, tag):
    done = merge(tag("js"), tag("javascript"))

    with time_machine.travel(timezone.now() + timedelta(days=31)), pytest.raises(services.TooLate):
        services.undo_merge(merge_id=done.pk, by=alice)
    services.undo_merge(merge_id=done.pk, by=alice)
    services.finish_merge(merge_id=done.pk)
    with pytest.raises(services.NotAllowed, match="undone already"):
        services.undo_merge(merge_id=done.pk, by=alice)


def test_a_chain_cannot_be_stored(alice, tag):
    a, b, c = tag("a"), tag("b"), tag("c")
    Tag.objects.filter(pk=a.pk).update(canonical=b)

    for pk, canonical in ((b.pk, c), (c.pk, a), (b.pk, a)):
        with pytest.raises(IntegrityError, match=r"one_step|points_at_a_canonical"), transaction.atomic(savepoint=True):
            Tag.objects.filter(pk=pk).update(canonical=canonical)
    with pytest.raises(IntegrityError, match=r"synonym_of_itself|points_at"), transaction.atomic(savepoint=True):
        Tag.objects.filter(pk=c.pk).update(canonical=c)


def test_the_synonyms_of_a_merged_tag_point_at_the_tag_that_stays(alice, tag):
    services.add_synonym(tag_id=tag("js").pk, name="ecma", by=alice, reason="x")

    merge(tag("js"), tag("javascript"))

    assert tag("ecma").canonical == tag("javascript")


def test_a_synonym_is_reversible(alice, tag, bread):
    row = services.add_synonym(tag_id=tag("javascript").pk, name="js", by=alice, reason="x")
    services.remove_synonym(synonym_id=row.pk, by=alice, reason="y")

    services.set_tags(thing=bread, names=["js"], by=alice)

    assert tags_of(bread) == ["js"]


def test_a_tag_that_is_used_is_no_synonym_before_it_is_merged(alice, tag):
    tag("js")

    with pytest.raises(services.NotAllowed, match="Merge it instead"):
        services.add_synonym(tag_id=tag("javascript").pk, name="js", by=alice, reason="x")


def test_a_renamed_tag_keeps_its_things_and_its_old_name(alice, tagged, tag):
    thing = tagged("js")

    row = services.rename_tag(tag_id=tag("js").pk, name="JavaScript", by=alice, reason="whole")

    assert tags_of(thing) == ["javascript"]
    assert row.display_name == "JavaScript"
    assert tag("js").canonical == row
    assert [each.name for each in services.suggest(text="javas")] == ["JavaScript".lower()]
    with pytest.raises(services.NotAllowed, match="Merge the two"):
        services.rename_tag(tag_id=tag("other").pk, name="javascript", by=alice, reason="x")


def test_a_circle_of_implications_is_refused(alice, tag):
    a, b, c = tag("a"), tag("b"), tag("c")
    services.add_implication(tag_id=a.pk, implied_id=b.pk, by=alice, reason="x")
    services.add_implication(tag_id=b.pk, implied_id=c.pk, by=alice, reason="x")

    for tag_id, implied_id in ((c.pk, a.pk), (b.pk, a.pk), (a.pk, a.pk)):
        with pytest.raises(services.NotAllowed, match="circle"):
            services.add_implication(tag_id=tag_id, implied_id=implied_id, by=alice, reason="x")


@pytest.mark.django_db(transaction=True)
def test_two_halves_of_a_circle_at_once_are_one_implication(alice, tag):
    rows = [tag(name) for name in "abcd"]
    pairs = [(one.pk, other.pk) for one, other in zip(rows, [*rows[1:], rows[0]], strict=True)]

    results = race(
        *(
            lambda pair=pair: services.add_implication(tag_id=pair[0], implied_id=pair[1], by=alice, reason="x")
            for pair in pairs
        )
    )

    assert sum(isinstance(each, services.NotAllowed) for each in results) == 1
    assert Implication.objects.count() == 3


def test_an_implication_is_spread_to_what_is_there(alice, tagged, tag):
    thing = tagged("laser-cutter")
    row = services.add_implication(tag_id=tag("laser-cutter").pk, implied_id=tag("workshop").pk, by=alice, reason="x")

    given = services.spread_implication(implication=row, by=alice)

    assert given == 1
    assert tags_of(thing) == ["laser-cutter", "workshop"]


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"reason": ""}, "merge_has_a_reason"),
        ({"target": "source"}, "merge_is_of_two_tags"),
        ({}, "tag_is_merged_by_one_at_a_time"),
    ],
)
def test_a_merge_that_makes_no_sense_cannot_be_stored(tag, fields, constraint):
    whole = {"source": tag("a"), "target": tag("b"), "reason": "x"}
    Merge.objects.create(**whole)
    fields = {name: whole.get(value, value) for name, value in fields.items()}

    with pytest.raises(IntegrityError, match=constraint):
        Merge.objects.create(**(whole | fields))
