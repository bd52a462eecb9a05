"""The same through the API, with scopes, and nothing of anybody else's."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.api.conftest import Program, assert_problem, program
from tests.sessions_app.conftest import sign_in
from tests.webhooks.conftest import deliver, endpoint, ping, secret_of
from webhooks.models import Delivery, Endpoint

pytestmark = pytest.mark.django_db(transaction=True)

URL = "https://hooks.example.org/in"


@pytest.fixture
def writer(alice):
    return program(alice, "read", "write")


@pytest.fixture
def row(alice):
    return endpoint(alice, URL)


def test_a_program_makes_changes_pauses_and_removes_an_endpoint(writer):
    made = writer.send("POST", "/webhooks", {"url": URL, "filters": ["session.*"], "headers": {"X-A": "hush"}})
    path = f"/webhooks/{made.json()['id']}"
    shown = writer.get(path)
    changed = writer.send("PATCH", path, {"ladder": [0, 60]}, headers={"if-match": shown["ETag"]})
    paused = writer.send("PUT", f"{path}/state", {"state": "paused"})
    removed = writer.send("DELETE", path)

    assert made.status_code == 201
    assert "hush" not in made.content.decode()
    assert changed.json()["ladder"] == [0, 60]
    assert changed.json()["filters"] == ["session.*"]
    assert paused.json()["state"] == "paused"
    assert removed.status_code == 204
    assert writer.get(path).status_code == 404


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"url": "https://127.1/"}, "127.0.0.1"),
        ({"url": "http://hooks.example.org/"}, ""),
        ({"url": URL, "scope": "hall"}, "Only operators"),
        ({"url": URL, "filters": ["nobody.knows"]}, "no event type"),
        ({"url": URL, "headers": {"Host": "x"}}, "hall itself"),
        ({"url": URL, "ladder": [60]}, "begin with 0"),
        ({"url": URL, "concurrency": 10_000}, ""),
        ({"url": URL, "filters": ["flag.*"] * 10_000}, ""),
        ({"url": URL, "secret": "mine"}, "no such field"),
        ({}, "needed"),
    ],
)
def test_what_cannot_be_is_refused_with_the_part_and_the_reason(writer, settings, body, words):
    settings.HTTPS = True

    answer = writer.send("POST", "/webhooks", body, secure=True)

    problem = assert_problem(answer, 422)
    assert words in str(problem)
    assert not Endpoint.objects.exists()


def test_a_change_for_an_older_state_is_refused(writer, row):
    etag = writer.get(f"/webhooks/{row.pk}")["ETag"]
    writer.send("PATCH", f"/webhooks/{row.pk}", {"description": "one"}, headers={"if-match": etag})

    answer = writer.send("PATCH", f"/webhooks/{row.pk}", {"description": "two"}, headers={"if-match": etag})

    assert_problem(answer, 412)
    assert_problem(writer.send("PATCH", f"/webhooks/{row.pk}", {"description": "three"}), 428)
    assert Endpoint.objects.get().description == "one"


def test_a_test_arrives_and_its_attempt_can_be_read(alice, writer, receiver):
    row = endpoint(alice, receiver.url)
    sent = writer.send("POST", f"/webhooks/{row.pk}/test")
    deliver()

    shown = writer.get(f"/webhooks/deliveries/{sent.json()['id']}").json()

    assert sent.status_code == 202
    assert shown["delivery"]["state"] == "delivered"
    assert shown["payload"].encode() == receiver.requests[0].body
    assert shown["attempts"][0]["answer"] == "thanks"


def test_deliveries_are_listed_filtered_and_sent_again(alice, writer, row):
    for number in range(3):
        ping(alice, number=number)
    Delivery.objects.update(state="dead", finished_at=timezone.now())
    path = f"/webhooks/{row.pk}"
    span = {
        "since": (timezone.now() - timedelta(hours=1)).isoformat(),
        "until": (timezone.now() + timedelta(hours=1)).isoformat(),
    }

    first = writer.get(f"{path}/deliveries?limit=2").json()
    second = writer.get(f"{path}/deliveries?limit=2&cursor={first['next']}").json()
    none = writer.get(f"{path}/deliveries?state=pending").json()
    resent = writer.send("POST", f"{path}/resend", span)
    recovered = writer.send("POST", f"{path}/recover", {"since": span["since"]})
    one = writer.send("POST", f"/webhooks/deliveries/{first['items'][0]['id']}/resend")

    assert [len(first["items"]), len(second["items"]), len(none["items"])] == [2, 1, 0]
    assert (resent.status_code, resent.json()) == (202, {"count": 3})
    # The token of the program was made before there was an endpoint.
    assert recovered.json() == {"count": 1}
    assert one.json()["state"] == "pending"


def test_secrets_are_not_for_tokens_that_read(alice, writer, row):
    at_alices = sign_in(alice)

    refused = writer.get(f"/webhooks/{row.pk}/secrets")
    rotated = writer.send("POST", f"/webhooks/{row.pk}/secrets")

    assert_problem(refused, 403)
    assert rotated.status_code == 201
    assert len(rotated.json()["secrets"]) == 2
    assert rotated.json()["secrets"][0]["secret"] == secret_of(row)
    assert at_alices.get(f"/api/v1/webhooks/{row.pk}/secrets").status_code == 200


def test_a_token_that_reads_cannot_write(alice, row):
    reader = program(alice, "read")

    for method, path in (
        ("POST", "/webhooks"),
        ("POST", f"/webhooks/{row.pk}/test"),
        ("POST", f"/webhooks/{row.pk}/secrets"),
        ("DELETE", f"/webhooks/{row.pk}"),
    ):
        assert_problem(reader.send(method, path, {"url": URL}), 403)
    assert reader.get(f"/webhooks/{row.pk}").status_code == 200


def test_nothing_of_anothers_can_be_found(alice, mallory, row):
    ping(alice)
    delivery = Delivery.objects.get()
    other = program(mallory, "read", "write")
    etag = {"if-match": "*"}

    answers = [
        other.get(f"/webhooks/{row.pk}"),
        other.get(f"/webhooks/{row.pk}/deliveries"),
        other.get(f"/webhooks/deliveries/{delivery.pk}"),
        other.send("PATCH", f"/webhooks/{row.pk}", {"description": "x"}, headers=etag),
        other.send("PUT", f"/webhooks/{row.pk}/state", {"state": "paused"}),
        other.send("DELETE", f"/webhooks/{row.pk}"),
        other.send("POST", f"/webhooks/{row.pk}/test"),
        other.send("POST", f"/webhooks/{row.pk}/secrets"),
        other.send("POST", f"/webhooks/deliveries/{delivery.pk}/resend"),
        other.send("POST", f"/webhooks/{row.pk}/recover", {"since": "2026-11-24T00:00:00Z"}),
    ]

    assert {answer.status_code for answer in answers} == {404}
    assert_problem(Program().get("/webhooks"), 401)
