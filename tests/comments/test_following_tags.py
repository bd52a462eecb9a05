"""Invariant 8 for tags: what is new under those that somebody follows comes in the mail of the day."""

from datetime import timedelta
from typing import NamedTuple

import pytest
from django.conf import settings
from django.utils import timezone

from comments import services
from comments.models import Discussion
from emailqueue.models import Email
from tagging import services as tagging
from tagging.models import Tag
from tests import factories
from tests.comments.test_following import digests, later


@pytest.fixture
def tagged(bob):
    """Make a discussion with these tags, and tell its first tag."""

    def make(*names, title="A loaf", by=bob):
        thing = factories.discussion(by=by, title=title)
        tagging.set_tags(thing=thing, names=names, by=by)
        return Tagged(thing, Tag.objects.get(name=names[0]))

    return make


class Tagged(NamedTuple):
    thing: Discussion
    tag: Tag


def test_what_is_new_under_a_followed_tag_comes_in_the_same_mail(bread, tagged, alice, bob):
    services.follow_thread(thing=bread, by=alice)
    tagging.follow_tag(tag=tagged("baking").tag, kind="follow", by=alice)
    services.post_comment(thing=bread, body="Salt.", by=bob)
    with later(timedelta(minutes=1)):
        rye = tagged("baking", "rye", title="Rye <again>").thing

    sent = digests(timedelta(minutes=8))

    mail = Email.objects.get()
    assert sent == 1
    assert mail.subject.startswith("1 new comment in “Bread on Mondays”, and “Rye <again>” under baking")
    assert f"“Rye <again>” (baking)\n{settings.BASE_URL}{rye.get_absolute_url()}" in mail.text
    assert "Rye &lt;again&gt;" in mail.html
    assert digests(timedelta(hours=25)) == 0


def test_what_was_there_before_somebody_followed_the_tag_is_not_told(tagged, alice):
    tagging.follow_tag(tag=tagged("baking").tag, kind="follow", by=alice)

    assert digests() == 0


def test_what_is_muted_or_ones_own_is_not_told_and_asked_for_only_once(tagged, alice, bob):
    baking, noise = tagged("baking").tag, tagged("noise").tag
    tagging.follow_tag(tag=baking, kind="follow", by=alice)
    tagging.follow_tag(tag=noise, kind="mute", by=alice)
    with later(timedelta(minutes=1)):
        tagged("baking", "noise")
        tagged("baking", by=alice)

    assert digests(timedelta(minutes=8)) == 0
    assert tagging.followers_with_news(until=timezone.now() + timedelta(minutes=3)) == set()


def test_a_tag_that_is_followed_again_tells_what_comes_after(tagged, alice):
    baking = tagged("baking").tag
    for kind in ("follow", "mute"):
        tagging.follow_tag(tag=baking, kind=kind, by=alice)
    with later(timedelta(minutes=1)):
        tagged("baking")
    with later(timedelta(minutes=2)):
        tagging.follow_tag(tag=baking, kind="follow", by=alice)

    assert digests(timedelta(minutes=9)) == 0


def test_pressing_follow_again_loses_no_news(tagged, alice):
    baking = tagged("baking").tag
    tagging.follow_tag(tag=baking, kind="follow", by=alice)
    with later(timedelta(minutes=1)):
        tagged("baking")
    with later(timedelta(minutes=2)):
        tagging.follow_tag(tag=baking, kind="follow", by=alice)

    assert digests(timedelta(minutes=9)) == 1


def test_many_things_under_tags_are_counted_and_the_first_of_them_named(tagged, alice):
    tagging.follow_tag(tag=tagged("baking").tag, kind="follow", by=alice)
    with later(timedelta(minutes=1)):
        for number in range(23):
            tagged("baking", title=f"Loaf {number}")

    digests(timedelta(minutes=9))

    mail = Email.objects.get()
    assert mail.subject.startswith("23 things under your tags")
    assert mail.text.count("(baking)") == 20
    assert f"And 3 more: {settings.BASE_URL}/tags-followed" in mail.text


def test_what_is_as_old_as_a_week_is_no_news(tagged, alice):
    tagging.follow_tag(tag=tagged("baking").tag, kind="follow", by=alice)
    with later(timedelta(minutes=1)):
        tagged("baking")

    assert digests(timedelta(days=8)) == 0
