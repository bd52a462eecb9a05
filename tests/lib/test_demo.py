"""The registry of the demo hall's parts."""

from datetime import UTC, datetime, timedelta

import pytest

from lib import demo

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


@pytest.fixture
def part():
    """A part that is registered for one test."""

    def furnish(scene):
        return {}

    demo.register("late", furnish)
    yield furnish
    demo.unregister("late")


def test_parts_are_played_in_the_order_of_registration(part):
    assert demo.parts()[-1] == ("late", part)


def test_registering_the_same_part_twice_is_no_harm(part):
    demo.register("late", part)

    assert [slug for slug, _ in demo.parts()].count("late") == 1


def test_a_name_is_taken_once(part):
    with pytest.raises(ValueError, match="late"):
        demo.register("late", lambda scene: {})


def test_a_part_does_not_shift_the_choices_of_another():
    scenes = [demo.scene(slug, seed=1, now=NOON, password="") for slug in ("tagging", "likes", "tagging")]

    tagging, likes, again = (scene.random.random() for scene in scenes)

    assert tagging == again != likes


def test_moments_are_counted_back_from_now():
    scene = demo.scene("tagging", seed=1, now=NOON, password="")

    assert scene.ago(days=1, hours=2) == NOON - timedelta(hours=26)
