"""What is queued goes out once, to each recipient, whatever the server says on the way (invariants 2 and 3)."""

import threading
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from emailqueue import delivery
from emailqueue.models import Email, EmailEvent, EmailRecipient, Suppression
from tests.emailqueue.conftest import queued
from tests.emailqueue.sink import Sink

pytestmark = pytest.mark.django_db(transaction=True)

State = Email.State


def story(email):
    return list(EmailEvent.objects.filter(email=email).order_by("pk").values_list("kind", flat=True))


def fates(email):
    return dict(EmailRecipient.objects.filter(email=email).values_list("address", "state"))


def test_a_queued_mail_reaches_the_server_and_its_story_says_so(sink):
    email = queued("Bob <bob@example.org>", subject="Grüße")

    counts = delivery.deliver_due(bulk=True)

    email.refresh_from_db()
    assert counts == {"sent": 1}
    assert (email.state, email.attempts, email.lease_expires_at) == (State.SENT, 1, None)
    assert story(email) == ["queued", "sent"]
    assert sink.taken[0].recipients == ["bob@example.org"]
    assert sink.taken[0].mail["Subject"] == "Grüße"
    assert sink.taken[0].message_id == email.message_id
    assert EmailRecipient.objects.get().provider_id == "Q0000001"


def test_many_mails_share_a_connection(sink, settings):
    settings.EMAIL_LANES = 2
    settings.EMAIL_LANES_OF_DOMAIN = 1
    for _ in range(20):
        queued()

    delivery.deliver_due(bulk=True)

    assert len(sink.taken) == 20
    assert sink.connections == 1


def test_a_refused_recipient_does_not_cost_the_others_their_mail_nor_send_it_twice(sink):
    email = queued("alice@example.org", "dead@example.org", "grey@example.org")
    sink.answers = {"dead@example.org": "550 5.1.1 No such user", "grey@example.org": ["451 4.7.1 Come later"]}

    delivery.deliver_due(bulk=True)

    email.refresh_from_db()
    assert email.state == State.QUEUED
    assert fates(email) == {"alice@example.org": "sent", "dead@example.org": "failed", "grey@example.org": "queued"}
    with time_machine.travel(email.next_attempt_at + timedelta(seconds=1)):
        delivery.deliver_due(bulk=True)
    email.refresh_from_db()
    assert email.state == State.SENT
    assert [taken.recipients for taken in sink.taken] == [["alice@example.org"], ["grey@example.org"]]
    assert fates(email)["grey@example.org"] == "sent"


def test_an_address_that_a_server_calls_dead_is_suppressed_and_a_policy_is_not(sink):
    queued("dead@example.org", "spam@example.org")
    sink.answers = {"dead@example.org": "550 5.1.1 No such user", "spam@example.org": "550 5.7.1 Looks like spam"}

    delivery.deliver_due(bulk=True)

    assert list(Suppression.objects.values_list("address", "reason")) == [("dead@example.org", "bounce")]


def test_greylisting_is_answered_by_patience(sink):
    email = queued("grey@example.org")
    sink.answers = {"grey@example.org": ["451 4.7.1 Greylisted", "451 4.7.1 Greylisted"]}
    now = timezone.now()

    for _ in range(3):
        with time_machine.travel(now):
            delivery.deliver_due(bulk=True)
        email.refresh_from_db()
        now = email.next_attempt_at + timedelta(seconds=1)

    assert email.state == State.SENT
    assert (email.deferrals, email.attempts) == (2, 3)
    assert story(email) == ["queued", "deferred", "deferred", "sent"]
    assert len(sink.taken) == 1


def test_two_days_of_later_are_enough(sink):
    email = queued("never@example.org")
    sink.answers = {"never@example.org": "451 4.3.0 Never today"}
    began = now = timezone.now()

    while email.state == State.QUEUED:
        with time_machine.travel(now):
            delivery.deliver_due(bulk=True)
        email.refresh_from_db()
        last, now = now, email.next_attempt_at + timedelta(seconds=1)

    assert email.state == State.FAILED
    assert timedelta(hours=36) < last - began < timedelta(hours=60)
    assert not sink.taken


def test_a_server_that_ends_the_connection_in_mid_batch_costs_nobody_their_mail(sink, settings):
    settings.EMAIL_LANES = 2
    for number in range(6):
        queued(f"p{number}@example.org")
    sink.answers = {"p2@example.org": ["421 4.3.2 Enough for now"]}

    delivery.deliver_due(bulk=True)

    assert set(sink.copies().values()) == {1}
    assert len(sink.taken) == 6
    assert not Email.objects.exclude(state=State.SENT).exists()


def test_a_refusal_of_the_message_itself_counts_for_all_of_its_recipients(sink):
    email = queued("alice@example.org", "bob@example.org")
    sink.at_dot = lambda number: "552 5.3.4 Too big"

    delivery.deliver_due(bulk=True)

    email.refresh_from_db()
    assert email.state == State.FAILED
    assert set(fates(email).values()) == {"failed"}
    assert not Suppression.objects.exists()


def test_the_next_provider_takes_over_and_the_failures_of_the_first_are_counted(sink, settings):
    gone = Sink().start()
    gone.stop()
    settings.EMAIL_PROVIDERS = [gone.url, sink.url]
    for _ in range(8):
        queued()

    counts = delivery.deliver_due(bulk=True)

    assert counts == {"sent": 8}
    assert delivery._providers[0].all[0][1].failures > 0


def test_with_no_provider_a_mail_waits_and_nothing_counts_against_it(settings):
    gone = Sink().start()
    gone.stop()
    settings.EMAIL_PROVIDERS = [gone.url]
    email = queued()

    delivery.deliver_due(bulk=True)

    email.refresh_from_db()
    assert (email.state, email.deferrals) == (State.QUEUED, 0)
    assert email.next_attempt_at > timezone.now()
    assert story(email) == ["queued"]


def test_a_domain_that_hangs_does_not_keep_the_others_waiting(sink, settings):
    settings.EMAIL_TIMEOUT = 30
    sink.hangs_for = {"tarpit.example"}
    # More than one claim takes.
    for number in range(delivery.BATCH + 10):
        queued(f"p{number}@tarpit.example", priority=0)
    for number in range(30):
        queued(f"p{number}@fine{number % 3}.example")
    worker = threading.Thread(target=deliver_in_thread)

    worker.start()
    sink.wait_for(30)

    assert sink.hung.is_set()
    assert {taken.recipients[0].rpartition("@")[2] for taken in sink.taken} == {f"fine{n}.example" for n in range(3)}
    sink.let_go.set()
    worker.join(30)
    assert not worker.is_alive()


def deliver_in_thread():
    from django.db import connection

    try:
        delivery.deliver_due(bulk=True)
    finally:
        connection.close()


def test_transactional_mail_goes_before_bulk_that_came_first(sink, settings):
    settings.EMAIL_LANES = 2
    for number in range(300):
        queued(f"p{number}@example.org", bulk=True, topic="news")
    queued("reset@example.org", subject="New password")

    delivery.deliver_due(bulk=True)

    place = [taken.recipients[0] for taken in sink.taken].index("reset@example.org")
    assert len(sink.taken) == 301
    assert place < 5


def test_bulk_that_hangs_on_every_domain_leaves_a_lane_for_a_password_reset(sink, settings):
    settings.EMAIL_TIMEOUT, settings.EMAIL_LANES, settings.EMAIL_LANES_OF_BULK = 30, 3, 2
    sink.hangs_for = {f"tarpit{number}.example" for number in range(6)}
    for domain in sink.hangs_for:
        queued(f"p@{domain}", bulk=True, topic="news")
    worker = threading.Thread(target=deliver_in_thread)

    worker.start()
    assert sink.hung.wait(30)
    queued("reset@example.org", subject="New password")
    sink.wait_for(1)

    assert [taken.recipients for taken in sink.taken] == [["reset@example.org"]]
    sink.let_go.set()
    worker.join(30)
    assert not worker.is_alive()


def test_a_mail_that_would_come_too_late_stays(sink):
    email = queued(expires_at=timezone.now() + timedelta(minutes=3))

    with time_machine.travel(timezone.now() + timedelta(minutes=4)):
        delivery.deliver_due(bulk=True)

    email.refresh_from_db()
    assert email.state == State.EXPIRED
    assert fates(email) == {"bob@example.org": "expired"}
    assert not sink.taken


def test_a_mail_for_later_waits_until_then(sink):
    email = queued(not_before_at=timezone.now() + timedelta(hours=1))

    delivery.deliver_due(bulk=True)

    assert not sink.taken
    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        delivery.deliver_due(bulk=True)
    email.refresh_from_db()
    assert email.state == State.SENT


def test_a_pace_holds_mail_to_a_domain_back(sink, settings):
    settings.EMAIL_PACE = {"slow.example": 1, "*": 0}
    for number in range(40):
        queued(f"p{number}@slow.example")
    queued("p@quick.example")

    delivery.deliver_due(bulk=True, seconds=10)

    assert "p@quick.example" in [taken.recipients[0] for taken in sink.taken]
    assert len(sink.taken) < 41
    assert Email.objects.filter(destination="slow.example", state=State.QUEUED, deferrals=0).exists()


def test_a_mail_that_expires_is_tried_a_last_time_shortly_before(sink):
    email = queued("grey@example.org", expires_at=timezone.now() + timedelta(minutes=12))
    sink.answers = {"grey@example.org": ["451 4.7.1 Greylisted"] * 4}
    now = timezone.now()

    while Email.objects.filter(state=State.QUEUED).exists():
        with time_machine.travel(now):
            delivery.deliver_due(bulk=True)
        email.refresh_from_db()
        last, now = now, email.next_attempt_at + timedelta(seconds=0.1)

    assert email.state == State.SENT
    assert timedelta(seconds=5) < email.expires_at - last < timedelta(seconds=15)


def test_a_mail_that_failed_its_last_time_expires(sink):
    email = queued("grey@example.org", expires_at=timezone.now() + timedelta(seconds=30))
    sink.answers = {"grey@example.org": "451 4.7.1 Greylisted"}
    now = timezone.now()

    while email.state == State.QUEUED:
        with time_machine.travel(now):
            delivery.deliver_due(bulk=True)
        email.refresh_from_db()
        now = email.next_attempt_at + timedelta(seconds=0.1)

    assert (email.state, email.deferrals, sink.taken) == (State.EXPIRED, 2, [])
