"""From an event to the receiver and back, through the real deliverer and real sockets."""

import json

import pytest
from django.db import transaction

from tests.webhooks.conftest import deliver, endpoint, make_due, ping, secret_of
from tests.webhooks.receivers import verify
from webhooks.models import Attempt, Delivery, Event

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_event_reaches_the_endpoint_and_verifies(alice, receiver):
    row = endpoint(alice, receiver.url)
    event = ping(alice, number=7)

    tally = deliver()

    (request,) = receiver.requests
    assert verify(request, secret_of(row))["data"] == {"number": 7}
    assert request.body == bytes(event.body)
    assert request.message_id == event.message_id
    assert (tally.sent, tally.succeeded) == (1, 1)
    assert Delivery.objects.get().state == Delivery.State.DELIVERED


def test_the_attempt_keeps_the_request_and_the_answer(alice, receiver):
    receiver.answers(503, headers={"X-Why": "tea"}, text="later")
    endpoint(alice, receiver.url, headers={"Authorization": "Bearer hush"})
    ping(alice)

    deliver()

    attempt = Attempt.objects.get()
    assert (attempt.outcome, attempt.status, attempt.answer_text) == ("status", 503, "later")
    assert ["X-Why", "tea"] in attempt.answer_headers
    assert attempt.address == f"127.0.0.1:{receiver.port}"
    assert attempt.request_headers["webhook-signature"].startswith("v1,")
    assert receiver.requests[0].headers["authorization"] == "Bearer hush"
    assert "hush" not in json.dumps(attempt.request_headers)


def test_an_event_of_a_change_that_is_rolled_back_never_was(alice, receiver):
    endpoint(alice, receiver.url)

    with transaction.atomic(durable=True):
        ping(alice)
        transaction.set_rollback(True)

    assert not Event.objects.exists()
    assert not Delivery.objects.exists()


def test_the_id_and_the_bytes_stay_over_retries(alice, receiver):
    receiver.answers(500)
    row = endpoint(alice, receiver.url)
    ping(alice)
    deliver()
    receiver.answers(204)
    make_due()

    deliver()

    first, second = receiver.requests
    assert first.message_id == second.message_id
    assert first.body == second.body
    assert verify(second, secret_of(row))
    assert [each.outcome for each in Attempt.objects.order_by("number")] == ["status", "succeeded"]
    assert Delivery.objects.get().state == Delivery.State.DELIVERED


def test_a_payload_is_stored_once_for_all_endpoints(alice, receiver):
    for _ in range(3):
        endpoint(alice, receiver.url)

    ping(alice)

    assert Event.objects.count() == 1
    assert Delivery.objects.count() == 3
