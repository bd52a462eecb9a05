"""A deliverer that dies between claim, I/O and record, and one that comes back too late."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from tests import faults
from tests.races import race
from tests.webhooks.conftest import deliver, endpoint, make_due, ping
from webhooks.delivery.claims import claim
from webhooks.delivery.records import Outcome, Result, record
from webhooks.models import Attempt, Delivery, Endpoint

pytestmark = pytest.mark.django_db(transaction=True)

LEASE = timedelta(seconds=30)
COMMAND = ["manage.py", "deliver_webhooks", "--until-idle"]


ENVIRONMENT = {"WEBHOOK_ALLOWED_ADDRESSES": "127.0.0.1:*", "HTTPS": "off", "DJANGO_SETTINGS_MODULE": "tests.settings"}


def let_leases_end():
    Delivery.objects.exclude(lease_expires_at=None).update(lease_expires_at=timezone.now() - timedelta(seconds=1))


def result_of(job, outcome=Outcome.SUCCEEDED, **fields):
    now = timezone.now()
    return Result(job, outcome=outcome, started_at=now, ended_at=now, **fields)


@pytest.mark.parametrize(
    ("point", "arrived_before", "arrived_after"),
    [
        # Nothing was sent yet: nothing is doubled.
        ("webhooks.delivery.sending._headers:before", 0, 1),
        # It arrived and was not written down: once more, with the same id.
        ("webhooks.delivery.courier.record:before", 1, 2),
        # It was written down: never again.
        ("webhooks.delivery.courier.record:after", 1, 1),
    ],
)
def test_a_deliverer_that_is_killed_loses_nothing(alice, receiver, point, arrived_before, arrived_after):
    endpoint(alice, receiver.url)
    event = ping(alice)
    with faults.process(COMMAND, stop_at=[point], env=ENVIRONMENT) as process:
        standing = process.reached(point)
        process.kill()
        standing.connection.close()
    assert len(receiver.requests) == arrived_before
    let_leases_end()

    deliver()

    assert receiver.ids == {event.message_id: arrived_after}
    assert Delivery.objects.get().state == Delivery.State.DELIVERED


def test_what_is_under_a_lease_is_left_alone(alice, receiver):
    endpoint(alice, receiver.url)
    ping(alice)
    claim(room=10, now=timezone.now(), lease=LEASE)

    tally = deliver()

    assert tally.sent == 0
    assert receiver.requests == []


def test_a_late_deliverer_cannot_write_over_what_a_later_one_knows(alice, receiver):
    endpoint(alice, receiver.url)
    ping(alice)
    (late,) = claim(room=10, now=timezone.now(), lease=LEASE)
    let_leases_end()
    (later,) = claim(room=10, now=timezone.now(), lease=LEASE)

    moved = record(results=[result_of(late, Outcome.TIMED_OUT)])

    assert moved == 0
    row = Delivery.objects.get()
    assert (row.state, row.attempts, row.fence) == ("pending", 0, later.fence)
    assert record(results=[result_of(later)]) == 1
    assert Delivery.objects.get().state == Delivery.State.DELIVERED
    assert sorted(Attempt.objects.values_list("number", flat=True)) == [late.fence, later.fence]


def test_a_result_that_is_recorded_twice_counts_once(alice, receiver):
    endpoint(alice, receiver.url)
    ping(alice)
    (job,) = claim(room=10, now=timezone.now(), lease=LEASE)
    result = result_of(job, Outcome.STATUS, status=500)

    moved = [record(results=[result]), record(results=[result])]

    assert moved == [1, 0]
    assert Delivery.objects.get().attempts == 1
    assert Attempt.objects.count() == 1


def test_claims_at_once_never_give_one_delivery_to_two(alice, receiver):
    row = endpoint(alice, receiver.url, concurrency=50)
    for number in range(40):
        ping(alice, number=number)

    found = race(*[lambda: claim(room=20, now=timezone.now(), lease=LEASE)] * 4)

    ids = [job.delivery_id for jobs in found for job in jobs]
    assert len(ids) == len(set(ids)) > 0
    assert {job.endpoint_id for jobs in found for job in jobs} == {row.pk}


def test_claims_at_once_never_give_an_endpoint_more_than_it_takes(alice, receiver):
    endpoint(alice, receiver.url, concurrency=3)
    for number in range(40):
        ping(alice, number=number)

    found = race(*[lambda: claim(room=20, now=timezone.now(), lease=LEASE)] * 4)

    assert sum(map(len, found)) == 3


def test_postgres_that_is_away_for_a_moment_costs_nothing_but_time(alice, receiver):
    """The storm restarts a real one; here the connection of a deliverer that waits is cut."""
    receiver.answers(500)
    endpoint(alice, receiver.url)
    ping(alice)
    with faults.process(["manage.py", "deliver_webhooks"], env=ENVIRONMENT) as process:
        process.wait_for_line("ready")
        faults.until(lambda: Attempt.objects.count() == 1, "the first attempt", process=process)
        cut_other_connections()
        receiver.answers(200)
        make_due()

        faults.until(lambda: Delivery.objects.filter(state="delivered").exists(), "the second", process=process)

        assert process.terminate() == 0
        assert "sent=2 succeeded=1 failed=1" in process.output()


def cut_other_connections():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def test_a_deliverer_that_is_asked_to_end_finishes_what_it_began(alice, receiver):
    endpoint(alice, receiver.url)
    ping(alice)
    point = "webhooks.delivery.sending._headers:before"
    with faults.process(["manage.py", "deliver_webhooks"], stop_at=[point], env=ENVIRONMENT) as process:
        stopped = process.reached(point)
        stopped.go_on()

        code = process.terminate()

    assert code == 0
    assert Delivery.objects.get().state == Delivery.State.DELIVERED
    assert not Endpoint.objects.exclude(failing_since_at=None).exists()
