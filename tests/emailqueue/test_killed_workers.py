"""Workers that are killed with SIGKILL at each point, and parts that go away: nothing is lost, and at most one mail a
kill goes out twice, under the same Message-ID (invariant 2)."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from emailqueue import delivery, services
from emailqueue.models import Email, EmailEvent
from tests import faults
from tests.emailqueue.conftest import draft, queued

pytestmark = pytest.mark.django_db(transaction=True)

SEND = ["manage.py", "send_due_mail"]
# How many copies of the mail the server has in the end, when the worker is killed there.
POINTS = {
    "emailqueue.delivery.rows.claim:before": 1,
    "emailqueue.delivery.rows.claim:after": 1,
    "emailqueue.delivery.rows.look:after": 1,
    "emailqueue.delivery.envelopes.content_of:after": 1,
    "emailqueue.delivery.rows.record:before": 2,
    "emailqueue.delivery.rows.record:after": 1,
}


def worker(sink, *, stop_at=()):
    env = {"EMAIL_URL": sink.url, "DJANGO_SETTINGS_MODULE": "config.settings"}
    return faults.process(SEND, stop_at=stop_at, env=env)


def let_leases_run_out():
    Email.objects.filter(state=Email.State.SENDING).update(lease_expires_at=timezone.now() - timedelta(seconds=1))


@pytest.mark.parametrize("point", POINTS)
def test_a_killed_worker_loses_no_mail(sink, point):
    email = queued()
    with worker(sink, stop_at=[point]) as process:
        standing = process.reached(point)
        process.kill()
        standing.connection.close()

    let_leases_run_out()
    delivery.deliver_due(bulk=True)

    email.refresh_from_db()
    assert email.state == Email.State.SENT
    assert sink.copies() == {email.message_id: POINTS[point]}


def test_a_mail_of_a_killed_worker_is_nobody_elses_until_its_lease_ends(sink):
    email = queued()
    with worker(sink, stop_at=["emailqueue.delivery.rows.claim:after"]) as process:
        standing = process.reached("emailqueue.delivery.rows.claim:after")
        process.kill()
        standing.connection.close()

    delivery.deliver_due(bulk=True)

    assert not sink.taken
    let_leases_run_out()
    delivery.deliver_due(bulk=True)
    assert sink.copies() == {email.message_id: 1}
    assert EmailEvent.objects.filter(email=email, kind="abandoned").count() == 1


def test_many_mails_survive_many_kills_and_at_most_one_a_kill_comes_twice(sink):
    number, kills = 150, 6
    wanted = set(services.enqueue_many(mails=[draft(f"p{n}@d{n % 7}.example") for n in range(number)]))

    for kill in range(1, kills + 1):
        with worker(sink) as process:
            sink.wait_for(min(number - 5, kill * 15 + len(sink.taken) // 50))
            process.kill()
        let_leases_run_out()
    delivery.deliver_due(bulk=True)

    copies = sink.copies()
    assert set(Email.objects.filter(state=Email.State.SENT).values_list("pk", flat=True)) == wanted
    assert set(copies) == set(Email.objects.values_list("message_id", flat=True))
    assert copies.total() - number <= kills


def test_a_late_worker_cannot_move_a_mail_that_somebody_else_took_over(sink):
    email = queued()
    with worker(sink, stop_at=["emailqueue.delivery.rows.record:before"]) as process:
        point = process.reached("emailqueue.delivery.rows.record:before")
        let_leases_run_out()
        delivery.rows.recover()
        Email.objects.filter(pk=email.pk).update(next_attempt_at=timezone.now() + timedelta(hours=1))
        point.go_on()
        process.wait()

    email.refresh_from_db()
    assert email.state == Email.State.QUEUED
    delivery_again = delivery.rows.claim(bulk=False, limit=10)
    assert delivery_again == []
    Email.objects.filter(pk=email.pk).update(next_attempt_at=timezone.now())
    delivery.deliver_due(bulk=True)
    email.refresh_from_db()
    # What the late one sent is a fact: nobody is written to twice for it.
    assert email.state == Email.State.SENT
    assert sink.copies() == {email.message_id: 1}


def test_with_redis_away_mail_is_accepted_and_the_next_sweep_sends_it(sink, settings):
    settings.EMAIL_PACE = {"*": 1000}
    email = queued()

    with faults.redis() as redis:
        env = {"EMAIL_URL": sink.url, "DJANGO_SETTINGS_MODULE": "config.settings", "REDIS_URL": redis.url}
        redis.stop()
        with faults.process(SEND, env=env) as process:
            assert process.wait() == 0

    assert sink.copies() == {email.message_id: 1}


def test_a_mail_exists_if_and_only_if_its_transaction_committed(sink):
    class Undone(Exception):
        pass

    def ask_and_undo():
        from django.db import transaction

        with transaction.atomic(durable=True):
            queued(subject="undone")
            raise Undone

    kept = queued(subject="kept")

    with pytest.raises(Undone):
        ask_and_undo()
    delivery.deliver_due(bulk=True)

    assert [taken.mail["Subject"] for taken in sink.taken] == ["kept"]
    assert list(Email.objects.all()) == [kept]


def test_a_worker_whose_postgres_restarts_ends_and_the_next_one_goes_on(sink):
    for number in range(30):
        queued(f"p{number}@example.org")
    with worker(sink) as process:
        sink.wait_for(5)
        with connection.cursor() as cursor:
            # As a restart does to whoever is connected.
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        process.wait()

    let_leases_run_out()
    delivery.deliver_due(bulk=True)

    copies = sink.copies()
    assert not Email.objects.exclude(state=Email.State.SENT).exists()
    assert len(copies) == 30
    # One lane was inside the gate; its failed record shut it for the others.
    assert copies.total() - 30 <= 1
