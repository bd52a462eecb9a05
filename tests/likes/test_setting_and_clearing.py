"""Invariants 1 and 3: one reaction of each family, set and cleared as states; who may say what to which."""

import pytest
from django.db import IntegrityError, connection, transaction

from likes import services, signals
from likes.models import Reaction
from tests import factories


def kinds_of(user):
    return sorted(Reaction.objects.filter(user=user).values_list("kind", flat=True))


def test_setting_twice_is_setting_once(bread, bob):
    first = services.set_reaction(thing=bread, kind="like", by=bob)
    second = services.set_reaction(thing=bread, kind="like", by=bob)

    assert (first, second) == (True, False)
    assert services.read_standing(thing=bread, user=bob).counts == {"like": 1}


def test_clearing_twice_is_clearing_once(bread, bob):
    services.set_reaction(thing=bread, kind="like", by=bob)

    first = services.clear_reaction(thing=bread, kind="like", by=bob)
    second = services.clear_reaction(thing=bread, kind="like", by=bob)

    assert (first, second) == (True, False)
    assert services.read_standing(thing=bread, user=bob).counts == {"like": 0}


def test_a_new_emoji_takes_the_place_of_the_old_one(bread, bob):
    services.set_reaction(thing=bread, kind="like", by=bob)
    services.set_reaction(thing=bread, kind="heart", by=bob)

    services.set_reaction(thing=bread, kind="party", by=bob)

    assert kinds_of(bob) == ["like", "party"]
    assert services.read_standing(thing=bread, user=bob).counts == {"like": 1, "heart": 0, "party": 1}


def test_a_stale_page_does_not_take_back_what_was_said_instead(bread, bob):
    services.set_reaction(thing=bread, kind="party", by=bob)

    cleared = services.clear_reaction(thing=bread, kind="heart", by=bob)

    assert not cleared
    assert kinds_of(bob) == ["party"]


def test_a_like_does_not_abort_the_callers_transaction(bread, bob):
    services.set_reaction(thing=bread, kind="like", by=bob)

    with transaction.atomic(savepoint=True):
        services.set_reaction(thing=bread, kind="like", by=bob)
        services.clear_reaction(thing=bread, kind="like", by=bob)

    assert kinds_of(bob) == []


@pytest.mark.parametrize("kind", ["up", "down", "rocket", "", "LIKE", "like "])
def test_what_a_thing_does_not_take_is_refused_with_what_it_takes(bread, bob, kind):
    with pytest.raises(services.KindNotAllowed, match="like, heart"):
        services.set_reaction(thing=bread, kind=kind, by=bob)

    assert kinds_of(bob) == []


def test_what_is_not_offered_any_more_can_be_taken_back(bread, bob, settings):
    services.set_reaction(thing=bread, kind="party", by=bob)
    settings.LIKE_EMOJI = ["heart"]

    shown = [each.kind.slug for each in services.read_standing(thing=bread, user=bob).choices]
    cleared = services.clear_reaction(thing=bread, kind="party", by=bob)

    assert shown == ["like", "heart", "party"]
    assert cleared


def test_ones_own_thing_may_be_liked_by_setting(bread, alice, settings):
    services.set_reaction(thing=bread, kind="like", by=alice)
    settings.LIKE_OWN = False

    with pytest.raises(services.OwnThing, match="your own"):
        services.set_reaction(thing=bread, kind="heart", by=alice)

    assert kinds_of(alice) == ["like"]


def test_a_vote_on_ones_own_thing_is_refused_whatever_the_setting(bread, alice, bob):
    bread.reaction_families = ("vote",)

    services.set_reaction(thing=bread, kind="up", by=bob)
    services.set_reaction(thing=bread, kind="down", by=bob)
    with pytest.raises(services.OwnThing, match="vote"):
        services.set_reaction(thing=bread, kind="up", by=alice)

    assert kinds_of(bob) == ["down"]
    assert kinds_of(alice) == []


def test_a_second_row_of_one_family_cannot_be_stored(bread, bob):
    services.set_reaction(thing=bread, kind="heart", by=bob)

    with pytest.raises(IntegrityError, match="reaction_once_per_person_and_family"):
        Reaction.objects.create(thing=bread, user=bob, family="emoji", kind="party")


@pytest.mark.parametrize(("family", "kind"), [("like", "up"), ("vote", "heart"), ("emoji", "like"), ("emoji", "x")])
def test_a_kind_of_another_family_cannot_be_stored(bread, bob, family, kind):
    with pytest.raises(IntegrityError, match="reaction_kind_is_of_its_family"):
        Reaction.objects.create(thing=bread, user=bob, family=family, kind=kind)


def test_who_listens_is_told_inside_the_transaction_and_only_of_changes(bread, bob):
    heard = []

    def listen(sender, thing, kind, user, is_set, **_):
        heard.append((thing, kind, user, is_set, connection.in_atomic_block))

    signals.reaction_changed.connect(listen, sender=type(bread))
    try:
        for _ in range(2):
            services.set_reaction(thing=bread, kind="heart", by=bob)
        for _ in range(2):
            services.clear_reaction(thing=bread, kind="heart", by=bob)
    finally:
        signals.reaction_changed.disconnect(listen, sender=type(bread))

    assert heard == [(bread, "heart", bob, True, True), (bread, "heart", bob, False, True)]


@pytest.mark.django_db(transaction=True)
def test_a_listener_that_refuses_undoes_the_reaction(bread, bob):
    def refuse(sender, **_):
        raise RuntimeError("no")

    signals.reaction_changed.connect(refuse, sender=type(bread))
    try:
        with pytest.raises(RuntimeError):
            services.set_reaction(thing=bread, kind="heart", by=bob)
    finally:
        signals.reaction_changed.disconnect(refuse, sender=type(bread))

    assert kinds_of(bob) == []


def test_removing_a_person_removes_their_reactions_and_counts(bread, alice, bob):
    services.set_reaction(thing=bread, kind="like", by=alice)
    services.set_reaction(thing=bread, kind="like", by=bob)
    services.set_reaction(thing=bread, kind="heart", by=bob)

    bob.delete()

    assert services.read_standing(thing=bread, user=alice).counts == {"like": 1, "heart": 0}
    assert services.reconcile_likes() == ([], [])


def test_removing_a_thing_removes_its_reactions_and_counts_alone(bread, alice, bob):
    other = factories.discussion(by=alice)
    for thing in (bread, other):
        services.set_reaction(thing=thing, kind="like", by=bob)

    bread.delete()

    assert [row.thing for row in Reaction.objects.all()] == [other]
    assert services.reconcile_likes() == ([], [])
    assert services.read_standing(thing=other, user=bob).counts == {"like": 1}
