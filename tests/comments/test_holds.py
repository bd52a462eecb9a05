"""What waits for a moderator by itself, and how fast somebody new may post."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from comments import holds, services
from comments.models import Comment
from tests import factories

OLD, NEW = holds.Habits(timedelta(days=900)), holds.Habits(timedelta(hours=1))
LINK = '<a href="https://example.org">x</a>'


@pytest.fixture
def nina(db):
    return factories.user(name="nina")


@pytest.fixture
def at_nina(client, nina):
    client.force_login(nina)
    return client


def new(thing):
    return f"/comments/on/comments.discussion/{thing.pk}"


@pytest.mark.parametrize(
    ("habits", "html", "has_word", "why"),
    [
        (OLD, "<p>Salt.</p>", False, ""),
        (OLD, LINK, False, ""),
        (NEW, LINK, False, "It has a link, and its author is new"),
        (OLD, LINK * 11, False, "It has many links"),
        (holds.Habits(timedelta(days=900), repeated=True), "x", False, "Its author said the same before"),
        (OLD, "x", True, "It has a word that moderators look at"),
    ],
)
def test_what_waits_and_why(habits, html, has_word, why):
    assert holds.why_held(html=html, habits=habits, has_word=has_word) == why


@pytest.mark.parametrize(
    ("habits", "wait"),
    [
        (NEW, None),
        (holds.Habits(timedelta(days=1), soon=1), holds.SOON),
        (holds.Habits(timedelta(days=1), lately=10), holds.WHILE),
        (holds.Habits(timedelta(days=900), soon=5, lately=50), None),
    ],
)
def test_only_somebody_new_has_to_wait(habits, wait):
    assert holds.wait_of(habits) == wait


def test_a_link_of_somebody_new_is_held_and_told(at_nina, bread):
    response = at_nina.post(new(bread), {"body": "See https://example.org"}, follow=True)

    page = response.content.decode()
    assert "A moderator looks at it first" in page
    assert "See <a" not in page
    assert Comment.objects.get().state == Comment.State.HELD


def test_with_htmx_it_is_told_in_the_place_of_the_form(at_nina, bread):
    response = at_nina.post(new(bread), {"body": "See https://example.org"}, headers={"HX-Request": "true"})

    assert "A moderator looks at it first" in response.content.decode()
    assert "HX-Retarget" not in response


def test_a_second_post_comes_too_soon_and_is_kept(at_nina, bread):
    at_nina.post(new(bread), {"body": "Salt."})

    response = at_nina.post(new(bread), {"body": "And pepper."})

    assert (response.status_code, response["Retry-After"]) == (429, "10")
    assert "And pepper." in response.content.decode()
    assert Comment.objects.count() == 1


def test_ten_posts_in_ten_minutes_are_enough(bread, nina):
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for number in range(10):
            services.post_comment(thing=bread, body=f"No. {number}", by=nina)
            clock.shift(timedelta(seconds=20))
        with pytest.raises(services.TooSoon):
            services.post_comment(thing=bread, body="One more.", by=nina)
        clock.shift(timedelta(minutes=10))
        services.post_comment(thing=bread, body="Later.", by=nina)

    assert Comment.objects.count() == 11


def test_saying_the_same_again_is_held(bread, alice):
    rows = [services.post_comment(thing=bread, body="Salt!", by=alice) for _ in range(2)]

    assert [row.state for row in rows] == ["visible", "held"]


def test_a_word_of_the_setting_is_held(bread, alice, settings):
    settings.COMMENTS_HELD_WORDS = ["casino"]

    row = services.post_comment(thing=bread, body="Come to the casino.", by=alice)

    assert row.state == Comment.State.HELD
