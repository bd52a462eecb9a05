"""Owners are told in one mail a day at most, and not when they do not want it."""

from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from django.core import mail
from django.core.management import CommandError, call_command
from django.utils import timezone

from likes import services
from likes.models import Notice, Reaction
from tests import factories
from tests.races import race

pytestmark = pytest.mark.django_db(transaction=True)
LATER = timedelta(minutes=6)


def send_later(after=LATER):
    with time_machine.travel(timezone.now() + after, tick=False):
        return services.send_notices()


def test_what_many_said_is_one_mail(bread, alice):
    people = [factories.user(name=name) for name in ("carol", "dora", "bob")]
    for each in people:
        services.set_reaction(thing=bread, kind="like", by=each)

    sent = send_later()

    assert sent == 1
    assert mail.outbox[0].to == [alice.email]
    assert mail.outbox[0].subject.startswith("Bob and 2 others liked “Bread on Mondays”")
    assert f"/discussions/{bread.pk}" in mail.outbox[0].body


def test_there_is_at_most_one_mail_a_day_and_nothing_is_lost(bread, alice, bob):
    services.set_reaction(thing=bread, kind="like", by=bob)
    send_later()
    services.set_reaction(thing=bread, kind="like", by=factories.user(name="carol"))

    soon = send_later(timedelta(hours=12))
    tomorrow = send_later(timedelta(hours=25))

    assert (soon, tomorrow) == (0, 1)
    assert mail.outbox[1].subject.startswith("Carol liked")


def test_a_like_that_was_taken_back_at_once_is_not_told(bread, bob):
    services.set_reaction(thing=bread, kind="like", by=bob)
    fresh = services.send_notices()
    services.clear_reaction(thing=bread, kind="like", by=bob)

    assert (fresh, send_later()) == (0, 0)


def test_who_wants_no_mail_gets_none_and_no_backlog_later(bread, alice, bob):
    services.mute_notices(user_id=alice.pk)
    services.set_reaction(thing=bread, kind="like", by=bob)
    muted = send_later()
    services.unmute_notices(user_id=alice.pk)

    assert (muted, send_later(timedelta(days=2))) == (0, 0)
    assert not Reaction.objects.unnoticed().exists()


def test_ones_own_like_and_votes_are_not_told(bread, alice, bob):
    services.set_reaction(thing=bread, kind="like", by=alice)
    bread.reaction_families = ("vote",)
    services.set_reaction(thing=bread, kind="up", by=bob)

    assert send_later() == 0


def test_two_workers_send_one_mail(bread, bob):
    services.set_reaction(thing=bread, kind="like", by=bob)

    with time_machine.travel(timezone.now() + LATER, tick=False):
        sent = race(*[services.send_notices] * 4)

    assert sum(sent) == 1
    assert len(mail.outbox) == 1


def test_a_mail_that_cannot_be_sent_is_tried_again_soon(bread, alice, bob, settings):
    services.set_reaction(thing=bread, kind="like", by=bob)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    failed = send_later()
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"

    at_once, soon = send_later(timedelta(minutes=7)), send_later(timedelta(minutes=30))

    assert (failed, at_once, soon) == (0, 0, 1)


def test_a_worker_that_died_after_the_mail_sends_no_second_one_that_day(bread, alice, bob):
    services.set_reaction(thing=bread, kind="like", by=bob)
    now = timezone.now() + LATER
    (queue,) = services.due_notices(now=now)

    claimed = services.claim_notice(queue=queue, now=now)

    assert claimed
    assert send_later(timedelta(hours=2)) == 0
    assert send_later(timedelta(hours=25)) == 1


def test_the_command_says_what_it_did_and_what_it_would(bread, bob):
    services.set_reaction(thing=bread, kind="like", by=bob)
    out = StringIO()

    with time_machine.travel(timezone.now() + LATER, tick=False):
        call_command("send_like_notices", "--dry-run", stdout=out)
        call_command("send_like_notices", stdout=out)

    assert out.getvalue().splitlines() == ["due=1 sent=0", "sent=1"]
    assert Notice.objects.count() == 1
    with pytest.raises(CommandError, match="--limit"):
        call_command("send_like_notices", "--limit=0")
