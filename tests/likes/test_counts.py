"""Invariant 2: the counts are the number of rows, and a difference shows."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.db import IntegrityError, OperationalError, connection, transaction

from likes import services
from likes.models import COUNTED, SLOTS, Reaction, ReactionCount
from tests import factories
from tests.races import Gate, held, race


def reconcile(*arguments):
    out, err = StringIO(), StringIO()
    call_command("reconcile_likes", *arguments, stdout=out, stderr=err)
    return out.getvalue().strip(), err.getvalue().strip().splitlines()


def without_triggers(statement):
    """Run a statement behind the counts' back."""
    with transaction.atomic(savepoint=True), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(statement)
        cursor.execute("SET LOCAL session_replication_role = origin")


def test_whoever_writes_the_rows_is_counted(bread, db):
    people = [factories.user(name=f"p{number}") for number in range(5)]

    Reaction.objects.bulk_create(Reaction(thing=bread, user=each, family="like", kind="like") for each in people)
    Reaction.objects.filter(user=people[0]).update(family="emoji", kind="heart")
    Reaction.objects.filter(user__in=people[3:]).delete()

    assert services.read_standing(thing=bread, user=people[0]).counts == {"like": 2, "heart": 1}
    assert COUNTED.differences() == []


def test_the_slots_of_a_hot_thing_add_up(bread, db):
    people = [factories.user(name=f"p{number}") for number in range(SLOTS + 8)]

    for each in people:
        services.set_reaction(thing=bread, kind="like", by=each)

    assert ReactionCount.objects.count() == SLOTS
    assert services.read_standing(thing=bread, user=people[0]).counts == {"like": SLOTS + 8}


def test_a_count_below_zero_cannot_be_stored(bread, bob):
    services.set_reaction(thing=bread, kind="like", by=bob)

    with pytest.raises(IntegrityError, match="reaction_count_is_never_below_zero"):
        ReactionCount.objects.update(count=-1)


def test_a_slot_has_one_row(bread, bob):
    services.set_reaction(thing=bread, kind="like", by=bob)
    row = ReactionCount.objects.get()

    with pytest.raises(IntegrityError, match="reaction_count_has_one_row_a_slot"):
        ReactionCount.objects.create(
            content_type_id=row.content_type_id, object_id=row.object_id, kind=row.kind, slot=row.slot, count=1
        )


def test_a_difference_is_reported_and_left_alone(bread, bob):
    services.set_reaction(thing=bread, kind="like", by=bob)
    ReactionCount.objects.update(count=3)

    line, details = reconcile()

    assert line == "differences=1 repaired=0 strays=0"
    assert "kind=like" in details[0]
    assert details[0].endswith("shown=3 rows=1")
    assert ReactionCount.objects.get().count == 3


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE likes_reactioncount SET count = 7",
        "DELETE FROM likes_reactioncount",
        "DELETE FROM likes_reaction",
    ],
)
def test_a_repair_sets_it_right_and_says_what_it_did(bread, bob, damage):
    services.set_reaction(thing=bread, kind="like", by=bob)
    without_triggers(damage)

    line, details = reconcile("--repair")

    assert line == "differences=1 repaired=1 strays=0"
    assert "kind=like" in details[0]
    assert reconcile()[0] == "differences=0 repaired=0 strays=0"


def test_reactions_to_what_is_gone_are_swept(bread, bob):
    services.set_reaction(thing=bread, kind="like", by=bob)
    without_triggers(f"DELETE FROM comments_discussion WHERE id = {bread.pk}")

    before, _ = reconcile()
    swept, _ = reconcile("--repair")

    assert before == "differences=0 repaired=0 strays=1"
    assert swept.endswith("strays=1")
    assert not Reaction.objects.exists()
    assert not ReactionCount.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_sweep_passes_over_what_another_is_sweeping(bread, bob):
    services.set_reaction(thing=bread, kind="like", by=bob)
    without_triggers(f"DELETE FROM comments_discussion WHERE id = {bread.pk}")

    with held(Gate(), services.sweep_strays, "DELETE", "likes_reaction") as first:
        second = services.sweep_strays()

    assert (first, second) == ([1], 0)
    assert not Reaction.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_all_who_like_at_once_are_counted(bread):
    people = [factories.user(name=f"p{number}") for number in range(12)]

    results = race(*(lambda each=each: services.set_reaction(thing=bread, kind="like", by=each) for each in people * 2))

    assert sorted(results) == [False] * 12 + [True] * 12
    assert services.read_standing(thing=bread, user=people[0]).counts == {"like": 12}
    assert COUNTED.differences() == []


@pytest.mark.django_db(transaction=True)
def test_a_person_who_sets_and_clears_at_once_is_counted_as_they_stand(bread, bob):
    acts = [services.set_reaction, services.clear_reaction] * 8

    race(*(lambda act=act: act(thing=bread, kind="like", by=bob) for act in acts))

    assert services.read_standing(thing=bread, user=bob).counts["like"] == Reaction.objects.count()
    assert COUNTED.differences() == []


@pytest.mark.django_db(transaction=True)
def test_statements_over_many_counts_wait_in_one_order(bread, alice):
    things = [factories.discussion(by=alice) for _ in range(12)]
    people = [factories.user(name=f"p{number}") for number in range(8)]
    rows = [
        [Reaction(thing=thing, user=each, family="like", kind="like") for thing in things[:: 1 if turn % 2 else -1]]
        for turn, each in enumerate(people)
    ]

    results = race(*(lambda mine=mine: Reaction.objects.bulk_create(mine) for mine in rows))

    assert not [each for each in results if isinstance(each, Exception)]
    assert COUNTED.differences() == []


@pytest.mark.django_db(transaction=True)
def test_a_repair_waits_for_an_act_that_is_not_committed(bread, alice, bob):
    services.set_reaction(thing=bread, kind="like", by=bob)
    late = factories.user(name="late")
    while late.pk % SLOTS != bob.pk % SLOTS:
        late.delete()
        late = factories.user(name="late")
    ReactionCount.objects.update(count=5)
    key = COUNTED.differences()[0].key

    def like_slowly():
        with transaction.atomic(durable=True):
            return services.set_reaction(thing=bread, kind="like", by=late)

    with held(Gate(), like_slowly, "INSERT INTO likes_reaction") as outcome, pytest.raises(OperationalError) as error:
        repair_impatiently(key)

    assert "lock timeout" in str(error.value)
    assert outcome == [True]
    assert COUNTED.repair(key) == (key, 6, 2)
    assert COUNTED.differences() == []


def repair_impatiently(key):
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '100ms'")
        try:
            COUNTED.repair(key)
        finally:
            cursor.execute("RESET lock_timeout")
