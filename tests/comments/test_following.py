"""Invariant 8: who follows a thread, and the one mail a day that tells what is new, never before a moderator let it."""

from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import IntegrityError
from django.utils import timezone

from comments import services
from comments.models import DigestTurn, Discussion, Subscription
from emailqueue.models import Email
from tests import factories
from tests.races import race

LATER = timedelta(minutes=6)


@pytest.fixture
def followed(bread, alice):
    services.follow_thread(thing=bread, by=alice)
    return bread


def path_of(thing):
    return f"/comments/on/comments.discussion/{thing.pk}/subscription"


def later(after):
    return time_machine.travel(timezone.now() + after, tick=False)


def digests(after=LATER):
    with later(after):
        return services.send_digests()


def test_what_many_said_is_one_mail(followed, alice, bob):
    for body in ("Salt.", "Pepper."):
        services.post_comment(thing=followed, body=body, by=bob)

    sent = digests()

    mail = Email.objects.get()
    assert sent == 1
    assert mail.recipients.get().address == alice.email
    assert mail.subject.startswith("2 new comments in “Bread on Mondays”")
    assert f"/discussions/{followed.pk}" in mail.text
    assert (mail.kind, mail.topic) == ("bulk", "talk")


def test_there_is_at_most_one_mail_a_day_and_nothing_is_lost(followed, bob):
    services.post_comment(thing=followed, body="Salt.", by=bob)
    digests()
    with later(timedelta(hours=1)):
        services.post_comment(thing=followed, body="Pepper.", by=bob)

    soon = digests(timedelta(hours=12))
    tomorrow = digests(timedelta(hours=25))

    assert (soon, tomorrow) == (0, 1)
    assert Email.objects.latest("pk").subject.startswith("1 new comment in")


def test_what_is_new_in_several_threads_comes_together(alice, bob):
    for title in ("Salt", "Pepper"):
        thing = factories.discussion(by=None, title=title)
        services.follow_thread(thing=thing, by=alice)
        services.post_comment(thing=thing, body=f"I bring {title}.", by=bob)

    digests()

    assert Email.objects.filter(topic="talk").count() == 1
    assert Email.objects.get().subject.startswith("2 new comments in 2 discussions")


def test_nothing_is_told_before_a_moderator_let_it_pass_and_then_it_is(followed, alice, bob):
    row = factories.comment(on=followed, by=bob, state="held", verdict="It has links")
    factories.comment(on=followed, by=bob, body="Seen at once.")
    before = digests()
    held_in_mail = Email.objects.get().subject
    with later(timedelta(hours=1)):
        services.moderate_comment(comment_id=row.pk, kind="keep", reason="Fine", by=factories.user(name="mona"))

    after = digests(timedelta(hours=25))

    assert (before, after) == (1, 1)
    assert held_in_mail.startswith("1 new comment in")
    assert Email.objects.count() == 2


def test_what_was_taken_back_at_once_is_not_told(followed, bob):
    row = services.post_comment(thing=followed, body="Salt.", by=bob)
    services.delete_comment(comment_id=row.pk, by=bob)

    assert digests() == 0


def test_nobody_is_told_of_their_own(followed, alice):
    services.post_comment(thing=followed, body="Salt.", by=alice)

    assert digests() == 0


def test_who_opens_or_says_something_follows_and_who_left_stays_away(bread, alice, bob):
    opened = services.open_discussion(title="Salt", body="Where?", by=alice)
    services.post_comment(thing=bread, body="Salt.", by=bob)
    services.unfollow_thread(thing=bread, by=bob)
    services.post_comment(thing=bread, body="Pepper.", by=bob)

    assert Subscription.objects.of_person(alice).get().thread.thing == opened
    assert not Subscription.objects.standing().filter(user=bob).exists()


def test_who_comes_back_hears_only_what_comes_after(followed, alice, bob):
    services.unfollow_thread(thing=followed, by=alice)
    services.post_comment(thing=followed, body="Salt.", by=bob)
    came_back = services.follow_thread(thing=followed, by=alice)

    assert came_back is True
    assert services.follow_thread(thing=followed, by=alice) is False
    assert digests() == 0


def test_who_may_not_sign_in_any_more_gets_none(followed, alice, bob):
    services.post_comment(thing=followed, body="Salt.", by=bob)
    alice.is_active = False
    alice.save(update_fields=["is_active"])

    assert digests() == 0
    assert services.due_digests() == []


def test_a_discussion_that_is_gone_is_not_told(followed, bob):
    services.post_comment(thing=followed, body="Salt.", by=bob)
    Discussion.objects.all().delete()

    assert digests() == 0


def test_the_button_follows_and_unfollows(at_alice, alice, bread):
    at_alice.post(path_of(bread), {"follow": "yes"})
    followed_page = at_alice.get(bread.get_absolute_url()).content.decode()
    listed = at_alice.get("/discussions/followed").content.decode()

    response = at_alice.post(path_of(bread), {"follow": "no", "back": "followed"})

    assert response["Location"] == "/discussions/followed"
    assert 'value="no">Unfollow' in followed_page
    assert bread.title in listed
    assert bread.title not in at_alice.get("/discussions/followed").content.decode()


@pytest.mark.parametrize("fields", [{}, {"follow": "maybe"}, {"follow": "yes", "back": "elsewhere"}])
def test_another_answer_is_refused(at_alice, bread, fields):
    assert at_alice.post(path_of(bread), fields).status_code == 400
    assert not Subscription.objects.exists()


def test_what_is_not_there_cannot_be_followed(at_alice):
    assert at_alice.post("/comments/on/comments.discussion/999/subscription", {"follow": "yes"}).status_code == 404
    assert at_alice.get(path_of(factories.discussion(by=None))).status_code == 405


def test_the_page_of_what_one_follows_costs_the_same_whatever_it_lists(at_alice, alice, django_assert_num_queries):
    def follow(count):
        for _ in range(count):
            services.follow_thread(thing=factories.discussion(by=None), by=alice)

    follow(1)
    at_alice.get("/discussions/followed")
    with django_assert_num_queries(4):
        at_alice.get("/discussions/followed")
    follow(9)
    with django_assert_num_queries(4):
        at_alice.get("/discussions/followed")


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_tell_once(followed, bob):
    services.post_comment(thing=followed, body="Salt.", by=bob)

    with later(LATER):
        answers = race(*[services.send_digests] * 4)

    assert sorted(answers) == [0, 0, 0, 1]
    assert Email.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_following_twice_at_once_is_following_once(bread, alice):
    # The thread is there: making it would already let one wait for the other.
    factories.thread(on=bread)

    answers = race(*[lambda: services.follow_thread(thing=bread, by=alice)] * 4)

    assert all(isinstance(each, bool) for each in answers)
    assert Subscription.objects.count() == 1


def test_a_mail_that_cannot_be_queued_costs_no_day_and_no_other_person(followed, alice, bob):
    services.follow_thread(thing=followed, by=(carol := factories.user(name="carol")))
    type(alice).objects.filter(pk=alice.pk).update(email="no address")
    services.post_comment(thing=followed, body="Salt.", by=bob)

    sent = digests()

    assert sent == 1
    assert Email.objects.get().recipients.get().address == carol.email
    assert DigestTurn.objects.get(user=alice).next_mail_at <= timezone.now() + LATER


def test_postgres_refuses_a_second_subscription(followed, alice):
    with pytest.raises(IntegrityError, match="subscription_once_per_person"):
        Subscription.objects.create(thread=factories.thread(on=followed), user=alice)


def test_the_command_says_how_many(followed, bob):
    services.post_comment(thing=followed, body="Salt.", by=bob)
    with later(LATER):
        said = [StringIO(), StringIO()]
        call_command("send_digests", "--dry-run", stdout=said[0])
        call_command("send_digests", stdout=said[1])

    assert [each.getvalue().strip() for each in said] == ["due=1 queued=0", "queued=1"]


def test_the_command_refuses_a_limit_of_none(db):
    with pytest.raises(CommandError, match="--limit"):
        call_command("send_digests", "--limit=0")
