"""Two who do the same to an endpoint at once."""

import threading
from datetime import timedelta

import pytest
from django.utils import timezone

from tests.races import Gate, held, race, until_somebody_waits
from tests.webhooks.conftest import deliver, endpoint, ping
from webhooks import limits, sealing, services
from webhooks.delivery.claims import claim
from webhooks.delivery.records import Result, record
from webhooks.models import Attempt, Delivery, Endpoint, Notice, Outcome, Secret
from webhooks.services import upkeep

pytestmark = pytest.mark.django_db(transaction=True)

HOOKS = "https://hooks.example.org/"


def claimed(room=10):
    return claim(room=room, now=timezone.now(), lease=timedelta(minutes=1))


def failed(job):
    now = timezone.now()
    return Result(job, outcome=Outcome.REFUSED, started_at=now, ended_at=now)


def while_held(worker, words, other):
    """Run `other` while `worker` is held after that statement; return both results, the other's as it was or waited."""
    gate, second = Gate(), []
    thread = threading.Thread(target=lambda: second.extend(race(other)))
    with held(gate, worker, words) as first:
        thread.start()
        until_somebody_waits(lambda: not thread.is_alive())
    thread.join()
    return first[0], second[0]


@pytest.mark.parametrize("again", ["resend_range", "recover_endpoint"])
def test_what_somebody_else_brought_back_meanwhile_is_not_sent_a_second_time(alice, receiver, again):
    receiver.answers(500)
    row = endpoint(alice, receiver.url, ladder=[0])
    ping(alice)
    deliver()
    receiver.answers(204)
    since, until = timezone.now() - timedelta(hours=1), timezone.now()
    asked = {"endpoint_id": row.pk, "since": since} | ({"until": until} if again == "resend_range" else {})
    gate = Gate()

    with held(gate, lambda: getattr(services, again)(**asked), 'FROM "webhooks_delivery"') as slow:
        quick = getattr(services, again)(**asked)
        deliver()
    deliver()

    assert (quick, slow) == (1, [0])
    assert Delivery.objects.get().state == Delivery.State.DELIVERED
    assert Attempt.objects.count() == 2


def test_rotations_at_once_come_one_after_the_other_up_to_the_limit(alice):
    row = endpoint(alice, "https://hooks.example.org/")

    found = race(*[lambda: services.rotate_secrets(endpoint_id=row.pk)] * (limits.SECRETS_MAX + 2))

    names = sorted(type(each).__name__ for each in found)
    assert names == ["Endpoint"] * (limits.SECRETS_MAX - 1) + ["RotatedTooOften"] * 3
    assert Secret.objects.filter(endpoint=row, expires_at=None).count() == 1


def test_two_workers_give_an_endpoint_no_more_than_it_takes(alice):
    endpoint(alice, HOOKS, concurrency=2)
    for number in range(6):
        ping(alice, number=number)
    gate = Gate()

    with held(gate, claimed, "count(*) FROM webhooks_delivery") as first:
        second = claimed()

    assert (len(first[0]), second) == (2, [])


def test_failures_that_are_written_down_at_once_are_all_counted(alice):
    row = endpoint(alice, HOOKS)
    for number in range(2):
        ping(alice, number=number)
    one, two = (failed(job) for job in claimed())

    while_held(lambda: record(results=[one]), 'FROM "webhooks_endpoint"', lambda: record(results=[two]))

    row.refresh_from_db()
    assert row.failures == 2


def test_what_came_of_an_attempt_is_written_down_once(alice):
    endpoint(alice, HOOKS)
    ping(alice)
    results = [failed(job) for job in claimed()]

    moved = [record(results=results), record(results=results)]

    assert moved == [1, 0]
    assert Attempt.objects.count() == 1


def test_two_recoveries_bring_what_was_missed_once(alice):
    ping(alice)
    row = endpoint(alice, HOOKS)
    since = timezone.now() - timedelta(hours=1)

    def recover():
        return services.recover_endpoint(endpoint_id=row.pk, since=since)

    first, second = while_held(recover, '"webhooks_delivery"."id" IN (', recover)

    assert not [each for each in (first, second) if isinstance(each, Exception)]
    assert Delivery.objects.count() == 1


def test_two_sweeps_mail_an_owner_once(alice):
    Notice.objects.create(endpoint=endpoint(alice, HOOKS), kind=Notice.Kind.FAILING)

    found = while_held(upkeep.send_notices, 'FROM "webhooks_notice"', upkeep.send_notices)

    assert sorted(found) == [0, 1]
    assert Notice.objects.exclude(sent_at=None).count() == 1


def test_headers_that_are_changed_while_they_are_sealed_anew_stay_changed(alice):
    row = endpoint(alice, HOOKS, headers={"X-Hall": "old"})

    def change():
        return services.change_endpoint(endpoint_id=row.pk, version=row.version, headers={"X-Hall": "new"})

    while_held(upkeep.reseal_secrets, 'FROM "webhooks_endpoint" WHERE "webhooks_endpoint"."id"', change)

    assert sealing.open_headers(Endpoint.objects.get().sealed_headers) == {"X-Hall": "new"}
