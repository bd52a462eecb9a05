"""Deep in a heated thread everybody waits longer between two comments."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from comments import holds, services
from comments.holds import DEEP, HEATED, STEP, Habits
from comments.models import Comment
from lib import targets
from tests import factories

OLD = timedelta(days=400)


@pytest.mark.parametrize(
    ("heat", "depth", "since", "wait"),
    [
        (HEATED, DEEP + 1, 0, STEP),
        (HEATED, DEEP + 3, 0, 3 * STEP),
        (HEATED, DEEP + 1, 29, timedelta(seconds=1)),
        (HEATED, DEEP + 1, 30, None),
        (HEATED, DEEP, 0, None),
        (HEATED - 1, DEEP + 4, 0, None),
        (HEATED, DEEP + 4, None, None),
    ],
)
def test_who_waits_and_for_how_long(heat, depth, since, wait):
    last = None if since is None else timedelta(seconds=since)

    assert holds.wait_of(Habits(OLD, heat=heat, depth=depth, since=last)) == wait


@pytest.fixture
def heated(bread, bob):
    """The deepest of twenty comments of the last minutes."""
    deep = factories.comment(on=bread, by=bob)
    for _ in range(DEEP):
        deep = factories.comment(under=deep, by=bob)
    for _ in range(HEATED - DEEP - 1):
        factories.comment(on=bread, by=bob)
    return deep


def test_the_second_of_two_comes_too_soon_and_is_kept(at_alice, alice, bread, heated):
    address = reverse("comments:new", args=[targets.label_of(bread), bread.pk])
    with time_machine.travel(timezone.now(), tick=False) as clock:
        first = services.post_comment(thing=bread, body="No!", by=alice, parent_id=heated.pk)
        clock.shift(timedelta(seconds=20))

        response = at_alice.post(address, {"body": "And another thing", "parent": first.pk})

    assert (response.status_code, response["Retry-After"]) == (429, "70")
    assert "And another thing" in response.content.decode()


def test_on_the_first_level_nobody_waits(alice, bread, heated):
    for body in ("One.", "Two."):
        services.post_comment(thing=bread, body=body, by=alice)

    assert Comment.objects.filter(author=alice).count() == 2


def test_a_thread_cools_down(alice, bread, heated):
    Comment.objects.update(published_at=timezone.now() - timedelta(minutes=11))

    for body in ("One.", "Two."):
        services.post_comment(thing=bread, body=body, by=alice, parent_id=heated.pk)

    assert Comment.objects.filter(author=alice).count() == 2


def test_moderators_do_not_wait(mona, bread, heated):
    for body in ("Calm down.", "All of you."):
        services.post_comment(thing=bread, body=body, by=mona, parent_id=heated.pk)

    assert Comment.objects.filter(author=mona).count() == 2
