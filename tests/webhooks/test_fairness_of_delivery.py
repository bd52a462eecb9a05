"""An endpoint's backlog, slowness or death costs only itself; limits and order of one endpoint hold."""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest
from aiohttp import web
from django.utils import timezone

from tests.webhooks.conftest import deliver, endpoint, make_due, ping
from tests.webhooks.receivers import Receiver
from webhooks import services
from webhooks.delivery.claims import claim
from webhooks.models import Attempt, Delivery, Endpoint, Notice
from webhooks.services import upkeep

pytestmark = pytest.mark.django_db(transaction=True)

LEASE = timedelta(seconds=30)
URL = "https://hooks.example.org/"


def claimed(room):
    return Counter(job.endpoint_id for job in claim(room=room, now=timezone.now(), lease=LEASE))


def test_a_backlog_of_one_leaves_room_for_the_others(alice, mallory):
    deep, shallow = endpoint(alice, URL, concurrency=50), endpoint(mallory, URL)
    for number in range(60):
        ping(alice, number=number)
    ping(mallory)

    taken = claimed(10)

    assert taken == {deep.pk: 9, shallow.pk: 1}


def test_a_black_hole_holds_only_what_it_may_and_the_others_arrive(alice, mallory, receiver):
    async def never(request):
        await asyncio.sleep(60)
        return web.Response()

    with Receiver(never) as hole:
        endpoint(alice, hole.url, concurrency=4)
        endpoint(mallory, receiver.url)
        for number in range(12):
            ping(alice, number=number)
            ping(mallory, number=number)

        deliver(deadline=1.0, at_once=8)

        assert len(receiver.requests) == 12
    last = Attempt.objects.filter(outcome="succeeded").order_by("-started_at").first()
    first_late = Attempt.objects.filter(outcome="timed_out").order_by("started_at").first()
    assert last.started_at < first_late.started_at + timedelta(seconds=1)


def test_the_breaker_opens_and_lets_one_probe_through_at_a_time(alice, receiver):
    receiver.answers(500)
    endpoint(alice, receiver.url, concurrency=10)
    for number in range(30):
        ping(alice, number=number)

    deliver()

    assert 10 <= len(receiver.requests) <= 20
    before = len(receiver.requests)
    make_due()
    deliver()
    assert len(receiver.requests) == before + 1
    receiver.answers(200)
    make_due()
    deliver()
    assert not Delivery.objects.pending().exists()
    assert Endpoint.objects.get().trips == 0


def test_an_endpoint_gets_no_more_a_minute_than_it_wants(alice):
    endpoint(alice, URL, concurrency=50, per_minute=120)
    for number in range(20):
        ping(alice, number=number)

    first, second = claimed(20), claimed(20)

    assert sum(first.values()) == 2
    assert sum(second.values()) == 0


def test_order_is_kept_where_it_is_wanted(alice, receiver):
    receiver.answers(500)
    endpoint(alice, receiver.url, ordered=True)
    for number in (1, 2):
        ping(alice, number=number, key="booking:7")
    ping(alice, number=3, key="booking:8")
    ping(alice, number=4)

    deliver()

    sent = [bytes(request.body).count(b'"number":2') for request in receiver.requests]
    assert len(sent) == 3
    assert sum(sent) == 0
    receiver.answers(200)
    make_due()
    deliver()
    bodies = [request.body for request in receiver.requests[3:]]
    assert [b'"number":1' in body or b'"number":2' in body for body in bodies].count(True) == 2
    assert [b'"number":1' in body for body in bodies].index(True) < [b'"number":2' in body for body in bodies].index(
        True
    )


def test_a_dead_letter_does_not_hold_up_what_follows_it(alice, receiver):
    receiver.answers(500)
    endpoint(alice, receiver.url, ordered=True, ladder=[0])
    ping(alice, number=1, key="booking:7")
    ping(alice, number=2, key="booking:7")

    deliver()

    assert [b'"number":1' in request.body for request in receiver.requests] == [True, False]
    assert set(Delivery.objects.values_list("state", flat=True)) == {"dead"}


def test_five_days_of_failing_disable_and_the_owner_hears_half_way_and_at_the_end(alice, receiver, mailoutbox):
    receiver.answers(500)
    row = endpoint(alice, receiver.url, ladder=[0] + [60] * 10)
    ping(alice)
    for hours in (0, 61, 121):
        if hours:
            Endpoint.objects.update(failing_since_at=timezone.now() - timedelta(hours=hours))
            make_due()
        deliver()
        upkeep.send_notices()

    row.refresh_from_db()
    assert (row.state, row.state_because) == ("disabled", "failing")
    assert [mail.to for mail in mailoutbox] == [["alice@example.org"]] * 2
    assert "is failing" in mailoutbox[0].subject
    assert "was disabled" in mailoutbox[1].subject
    assert f"/webhooks/{row.pk}" in mailoutbox[1].body


def test_a_notice_is_sent_once_also_by_two_sweeps(alice, mailoutbox):
    row = endpoint(alice, URL)
    Notice.objects.create(endpoint=row, kind=Notice.Kind.FAILING)

    sent = upkeep.send_notices() + upkeep.send_notices()

    assert sent == len(mailoutbox) == 1


def test_one_success_in_between_begins_the_five_days_anew(alice, receiver):
    receiver.answers(500)
    endpoint(alice, receiver.url)
    ping(alice)
    deliver()
    assert Endpoint.objects.get().failing_since_at
    receiver.answers(200)
    make_due()

    deliver()

    assert Endpoint.objects.get().failing_since_at is None


def test_what_waits_for_a_disabled_endpoint_goes_when_it_is_enabled_again(alice, receiver):
    row = endpoint(alice, receiver.url)
    ping(alice)
    services.disable_endpoint(endpoint_id=row.pk, by=alice, reason="for the test")
    assert deliver().sent == 0
    ping(alice, number=2)

    services.enable_endpoint(endpoint_id=row.pk)

    assert deliver().succeeded == 1
    since = timezone.now() - timedelta(hours=1)
    assert services.recover_endpoint(endpoint_id=row.pk, since=since) == 1
    assert services.recover_endpoint(endpoint_id=row.pk, since=since) == 0
    assert deliver().succeeded == 1
