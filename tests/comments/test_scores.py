"""How comments are ordered: the formulas, and that Postgres keeps the same; votes count exactly."""

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from comments import scores, services
from comments.models import Comment
from likes import services as likes
from tests import factories


@given(st.integers(0, 1000), st.integers(0, 1000))
def test_best_is_where_the_share_lies_as_far_away_as_the_confidence_allows(ups, downs):
    bound, votes = scores.best(ups, downs), ups + downs

    # The equation that Wilson's interval solves: (p - x)^2 = z^2 x (1 - x) / n, from below.
    assert (ups - bound * votes) ** 2 == pytest.approx(scores.Z**2 * bound * (1 - bound) * votes, abs=1e-6)
    assert bound * votes <= ups + 1e-9


def test_ten_of_eleven_are_better_than_forty_of_sixty():
    assert scores.best(10, 1) > scores.best(40, 20) > scores.best(0, 0)


@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_one_more_vote_up_never_makes_it_worse(ups, downs):
    assert scores.best(ups + 1, downs) > scores.best(ups, downs) >= 0


def test_even_votes_are_the_most_controversial():
    found = [scores.controversial(*votes) for votes in ((50, 50), (70, 30), (99, 1), (100, 0))]

    assert found == sorted(found, reverse=True)
    assert found[0] == 100


def test_ten_times_the_votes_are_worth_half_a_day():
    assert scores.hot(10, 0, 0) == pytest.approx(scores.hot(1, 0, scores.HOT_SECONDS))
    assert scores.hot(0, 10, 0) == -1


@pytest.mark.parametrize("votes", [(0, 0), (1, 0), (0, 1), (7, 3), (3, 7), (1000, 998)])
def test_postgres_keeps_the_same_scores(bread, alice, votes):
    row = factories.comment(on=bread, by=alice)
    Comment.objects.update(ups=votes[0], downs=votes[1])

    row.refresh_from_db()

    assert row.best == pytest.approx(scores.best(*votes))
    assert row.controversial == pytest.approx(scores.controversial(*votes))
    assert row.hot == pytest.approx(scores.hot(*votes, row.created_at.timestamp()))
    assert row.top == votes[0] - votes[1]


def test_a_vote_moves_the_comment_in_the_same_statement(bread, alice, bob):
    row = factories.comment(on=bread, by=alice)
    seen = []
    for vote in ("up", "up", "down", "none", "none"):
        services.vote(comment=row, vote=vote, by=bob)
        row.refresh_from_db()
        seen.append((row.ups, row.downs))

    assert seen == [(1, 0), (1, 0), (0, 1), (0, 0), (0, 0)]


def test_the_votes_of_a_person_who_leaves_are_taken_back(bread, alice, bob):
    row = factories.comment(on=bread, by=alice)
    services.vote(comment=row, vote="up", by=bob)

    bob.delete()

    row.refresh_from_db()
    assert (row.ups, row.downs) == (0, 0)


def test_a_like_of_a_thing_with_the_same_number_counts_for_no_comment(bread, alice, bob):
    row = factories.comment(on=bread, by=alice)
    Comment.objects.filter(pk=row.pk).update(created_at=timezone.now())
    likes.set_reaction(thing=bread, kind="like", by=bob)

    row.refresh_from_db()

    assert (row.ups, row.downs) == (0, 0)


def test_nobody_votes_on_their_own(bread, alice):
    row = factories.comment(on=bread, by=alice)

    with pytest.raises(likes.OwnThing):
        services.vote(comment=row, vote="up", by=alice)
