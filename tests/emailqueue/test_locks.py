"""Who meets over one mail: each of these locks has a test that fails when it is taken out."""

import threading
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from emailqueue import delivery, services
from emailqueue.delivery import rows, upkeep
from emailqueue.models import Email, EmailEvent, MailAct, Suppression
from emailqueue.services import operators, reports, wishes
from emailqueue.services.reports import Report
from tests import factories
from tests.emailqueue.conftest import BOB, queued
from tests.races import Gate, held, race, until_somebody_waits

pytestmark = pytest.mark.django_db(transaction=True)

State = Email.State


@pytest.fixture
def olga(db):
    return factories.user(name="olga", superuser=True)


def old(**fields):
    email = queued(BOB)
    Email.objects.filter(pk=email.pk).update(**fields)
    return email


def told(kind):
    return EmailEvent.objects.filter(kind=kind).count()


def test_a_mail_that_is_being_cancelled_is_not_claimed(olga, sink):
    email = queued(BOB)
    gate = Gate()

    with held(
        gate, lambda: operators.cancel(email_id=email.pk, by=olga, reason="x"), "FROM", "emailqueue_email"
    ) as result:
        claimed = rows.claim(bulk=False, limit=10)

    email.refresh_from_db()
    assert claimed == []
    assert result[0].state == email.state == State.CANCELLED


def test_two_operators_send_a_mail_again_once(olga):
    email = old(state=State.SENT, finished_at=timezone.now())

    def again():
        return operators.resend(email_id=email.pk, by=olga, reason="x")

    found = race(again, again)

    assert sorted(type(each).__name__ for each in found) == ["Email", "TooLate"]
    assert (told("requeued"), MailAct.objects.count()) == (1, 1)


def test_two_operators_take_an_address_off_once(olga):
    row = Suppression.objects.create(address=BOB, reason="bounce")
    email = old(state=State.HELD)
    email.recipients.update(state="suppressed")

    def take_off():
        return operators.unsuppress(suppression_id=row.pk, by=olga, reason="x")

    found = race(take_off, take_off)

    assert sorted(found) == [0, 1]
    assert (told("released"), MailAct.objects.count()) == (1, 1)


def test_two_operators_release_a_mail_once(olga):
    email = old(state=State.HELD)
    email.recipients.update(state="suppressed")

    def let_go():
        return operators.release(email_id=email.pk, by=olga, reason="x")

    found = race(let_go, let_go)

    assert sorted(found) == [False, True]
    assert told("released") == 1


def test_a_mail_that_is_being_cancelled_is_not_released_with_the_address(olga):
    row = Suppression.objects.create(address=BOB, reason="bounce")
    email = old(state=State.HELD)
    email.recipients.update(state="suppressed")
    gate = Gate()

    def cancel():
        return operators.cancel(email_id=email.pk, by=olga, reason="x")

    with held(gate, cancel, "FOR NO KEY UPDATE"):
        waiting = Gate()
        with held(
            waiting, lambda: operators.unsuppress(suppression_id=row.pk, by=olga, reason="x"), "mailact"
        ) as taken_off:
            waiting.open()
            gate.open()

    email.refresh_from_db()
    assert (email.state, taken_off) == (State.CANCELLED, [0])


def test_claims_at_once_give_no_mail_to_two():
    services.enqueue_many(mails=[services.Draft(to=[BOB], subject=str(n), text="x") for n in range(40)])

    found = race(*[lambda: [job.id for job in rows.claim(bulk=False, limit=20)]] * 4)

    ids = [each for claimed in found for each in claimed]
    assert len(ids) == len(set(ids))
    assert set(Email.objects.filter(pk__in=ids).values_list("attempts", flat=True)) == {1}


def test_a_claim_does_not_wait_for_a_mail_that_another_worker_is_claiming():
    queued(BOB)
    gate = Gate()

    def claim_and_hold():
        with transaction.atomic(durable=True):
            return rows.claim(bulk=False, limit=10)

    with held(gate, claim_and_hold, "SET state = 'sending'") as first:
        second = rows.claim(bulk=False, limit=10)

    assert second == []
    assert len(first[0]) == 1


def in_one_transaction(sweep):
    """A sweep that is one statement commits with it: held here, it has not committed yet."""

    def run():
        with transaction.atomic(durable=True):
            return sweep()

    return run


SWEEPS = [
    (
        in_one_transaction(rows.recover),
        {"state": State.SENDING, "lease_expires_at": timezone.now()},
        "abandoned",
        "'abandoned'",
    ),
    (in_one_transaction(rows.expire), {"expires_at": timezone.now()}, "expired", "'expired'"),
    (
        upkeep.purge,
        {"state": State.SENT, "finished_at": timezone.now() - timedelta(days=40)},
        "purged",
        'FROM "emailqueue_attachment"',
    ),
    (
        upkeep.purge,
        {"state": State.HELD, "created_at": timezone.now() - timedelta(days=8)},
        "expired",
        'UPDATE "emailqueue_email"',
    ),
    (upkeep.release_unlisted, {"state": State.HELD}, "released", 'UPDATE "emailqueue_emailrecipient"'),
]


@pytest.mark.parametrize(("sweep", "fields", "kind", "words"), SWEEPS)
def test_a_sweep_leaves_what_another_one_is_about(sweep, fields, kind, words, settings):
    settings.EMAIL_KEEP_CONTENT_DAYS, settings.EMAIL_KEEP_STORY_DAYS = 30, 365
    for _ in range(5):
        email = old(**fields)
        if fields.get("state") == State.HELD:
            email.recipients.update(state="suppressed")
    gate, second = Gate(), []

    def sweep_too():
        second.extend(race(sweep))

    with held(gate, sweep, words) as first:
        other = threading.Thread(target=sweep_too)
        other.start()
        until_somebody_waits(lambda: not other.is_alive())
    other.join()

    assert not [each for each in (*first, *second) if isinstance(each, Exception)]
    assert told(kind) == 5


def test_a_mail_that_is_being_sent_again_is_not_deleted_as_an_old_one(olga, settings):
    settings.EMAIL_KEEP_CONTENT_DAYS, settings.EMAIL_KEEP_STORY_DAYS = 500, 365
    long_ago = timezone.now() - timedelta(days=400)
    email = old(state=State.SENT, finished_at=long_ago, created_at=long_ago)
    gate, second = Gate(), []

    def again():
        return operators.resend(email_id=email.pk, by=olga, reason="x")

    with held(gate, again, 'FROM "emailqueue_email"') as first:
        other = threading.Thread(target=lambda: second.extend(race(upkeep.purge)))
        other.start()
        until_somebody_waits(lambda: not other.is_alive())
    other.join()

    assert not [each for each in (*first, *second) if isinstance(each, Exception)]
    assert Email.objects.get().state == State.QUEUED


def test_a_report_that_comes_twice_at_once_is_taken_in_once(sink):
    email = queued(BOB)
    delivery.deliver_due(bulk=True)
    report = Report(kind="delivered", address=BOB, event_id="1", email_id=email.pk)

    race(*[lambda: reports.take_reports(source="ses", reports=[report])] * 4)

    assert told("delivered") == 1


def test_a_link_that_is_followed_twice_at_once_is_followed_once():
    queued(BOB, bulk=True, topic="news")

    found = race(*[lambda: wishes.leave(address=BOB, topic="news", source="link")] * 4)

    assert sorted(found) == [False, False, False, True]
    assert told("unsubscribed") == 1


# --- What a suppression holds must not be forgotten -----------------------------------------------------------------


def test_a_mail_that_is_held_while_its_address_is_taken_off_the_list_is_not_forgotten(olga, sink):
    row = operators.suppress(address=BOB, by=olga, reason="x")
    email = queued(BOB)
    gate = Gate()

    def worker():
        (job,) = rows.claim(bulk=False, limit=1)
        told = delivery.lanes.outcomes.passed_over(job.people)
        outcome = delivery.lanes.outcomes.settled(job, job.people, told)
        return rows.record(job, state=outcome.state, told=outcome.told)

    with held(gate, worker, "SET state = 'sending'"):
        released = operators.unsuppress(suppression_id=row.pk, by=olga, reason="x")
    email.refresh_from_db()
    assert (released, email.state) == (0, State.HELD)

    freed = upkeep.release_unlisted()

    delivery.deliver_due(bulk=True)
    assert freed == 1
    assert len(sink.taken) == 1


def test_what_was_held_until_a_day_goes_out_on_that_day_and_what_is_held_without_end_stays(sink):
    Suppression.objects.create(address=BOB, reason="soft", expires_at=timezone.now() + timedelta(hours=1))
    Suppression.objects.create(address="dead@example.org", reason="bounce")
    held_back = [queued(BOB), queued("dead@example.org"), queued(BOB, "dead@example.org")]
    delivery.deliver_due(bulk=True)
    assert upkeep.release_unlisted() == 0
    Suppression.objects.filter(address=BOB).update(expires_at=timezone.now())

    freed = upkeep.release_unlisted()

    delivery.deliver_due(bulk=True)
    states = [Email.objects.get(pk=each.pk).state for each in held_back]
    assert freed == 2
    assert states == [State.SENT, State.HELD, State.SENT]
    assert [taken.recipients for taken in sink.taken] == [[BOB], [BOB]]


def test_a_dead_address_that_was_on_the_list_until_a_day_is_on_it_for_good(sink):
    ended = Suppression.objects.create(address=BOB, reason="soft", expires_at=timezone.now())
    sink.answers = {BOB: "550 5.1.1 No such user"}
    queued(BOB)

    delivery.deliver_due(bulk=True)

    ended.refresh_from_db()
    assert (ended.reason, ended.expires_at) == ("bounce", None)


def test_an_address_that_rested_once_rests_again_when_it_bounces_on(sink):
    Suppression.objects.create(address=BOB, reason="soft", expires_at=timezone.now())
    for _ in range(reports.SOFT_MAX):
        email = queued(BOB)
        delivery.deliver_due(bulk=True)
        report = Report(kind="bounced_soft", address=BOB, email_id=email.pk, status="4.2.2")
        reports.take_reports(source="bounce", reports=[report])

    assert Suppression.objects.standing(timezone.now()).get().address == BOB
