"""An operation may read a body of its own kind, however large, and is fenced against everything else."""

import hashlib
import http.client
import socket
import tracemalloc
from urllib.parse import urlsplit

import pytest

from idempotency.models import Record
from lib.streams import PIECE
from tests.api import trial
from tests.api.conftest import Program, assert_problem, program, token_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls("tests.api.trial")]

MEGABYTE = 1024 * 1024


@pytest.fixture(autouse=True)
def nothing_arrived():
    trial.arrived.clear()


def send(asks, body, kind=trial.STREAM, **options):
    return asks.send("PATCH", "/stream", body, content_type=kind, **options)


def test_a_large_body_is_read_in_pieces_and_never_held(live_server, alice, settings):
    """64 MB pass through a socket, twenty-five times what a JSON body may have, in the memory of a few pieces."""
    block, count = b"guildhall " * (MEGABYTE // 10), 64
    _, plain = token_of(alice, "write")
    digest = hashlib.sha256()
    for _ in range(count):
        digest.update(block)
    place = urlsplit(live_server.url)
    connection = http.client.HTTPConnection(place.hostname, place.port, timeout=60)
    headers = {
        "Authorization": f"Bearer {plain}",
        "Content-Type": trial.STREAM,
        "Content-Length": str(len(block) * count),
    }

    tracemalloc.start()
    try:
        connection.request("PATCH", "/api/v1/stream", (block for _ in range(count)), headers)
        answer = connection.getresponse()
        said = answer.read()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
        connection.close()

    assert answer.status == 200, said
    assert digest.hexdigest().encode() in said
    assert f'"largest": {PIECE}'.encode() in said
    assert peak < 8 * MEGABYTE


def test_a_body_past_what_json_may_have_is_taken(alice, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100

    response = send(program(alice, "write"), b"x" * 5000)

    assert response.json()["size"] == 5000


def test_an_empty_body_is_taken(alice):
    response = send(program(alice, "write"), b"", headers={"content-type": trial.STREAM})

    assert response.json()["size"] == 0


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "multipart/form-data; boundary=x", ""])
def test_another_content_type_is_415_and_names_the_right_one(alice, kind):
    response = send(program(alice, "write"), b"{}", kind)

    assert_problem(response, 415)
    assert response["Accept"] == trial.STREAM
    assert trial.arrived == []


def test_a_stranger_and_a_token_that_may_only_read_are_refused_unread(alice):
    assert_problem(send(Program(), b"x"), 401)
    assert_problem(send(program(alice, "read"), b"x"), 403)
    assert trial.arrived == []


def test_a_body_that_says_it_is_too_long_is_413_unread(alice):
    response = send(program(alice, "write"), b"x", headers={"content-length": str(trial.MOST + 1)})

    assert_problem(response, 413)
    assert trial.arrived == [0]


def test_a_body_without_a_length_is_411(alice):
    asks = program(alice, "write")

    assert_problem(send(asks, b"x", headers={"transfer-encoding": "chunked", "content-length": ""}), 411)
    assert trial.arrived == []


def test_a_body_that_ends_early_is_handed_out_as_far_as_it_came_and_is_400(live_server, alice):
    _, plain = token_of(alice, "write")
    place = urlsplit(live_server.url)
    head = (
        f"PATCH /api/v1/stream HTTP/1.1\r\nHost: {place.netloc}\r\nAuthorization: Bearer {plain}\r\n"
        f"Content-Type: {trial.STREAM}\r\nContent-Length: 5000\r\n\r\n"
    )

    with socket.create_connection((place.hostname, place.port), timeout=30) as line:
        line.sendall(head.encode() + b"x" * 1000)
        line.shutdown(socket.SHUT_WR)
        said = line.makefile("rb").read()

    assert said.startswith(b"HTTP/1.1 400 ")
    assert b"application/problem+json" in said
    assert trial.arrived == [1000]


def test_a_key_is_not_kept_for_a_stream(alice):
    asks = program(alice, "write")

    answers = [send(asks, b"x", headers={"idempotency-key": "k-12345678"}) for _ in "12"]

    assert [each.status_code for each in answers] == [200, 200]
    assert not Record.objects.exists()
    assert trial.arrived == [1, 1]


def test_head_and_options_may_be_operations_of_their_own(alice):
    head = program(alice).send("HEAD", "/stream")
    options = Program().send("OPTIONS", "/stream")

    assert (head.status_code, head["Upload-Offset"]) == (200, "7")
    assert (options.status_code, options["Tus-Resumable"]) == (204, "1.0.0")
    assert Program().send("HEAD", "/stream").status_code == 401


def test_a_method_that_is_not_there_is_405_with_those_that_are(alice):
    refused = program(alice).get("/stream")

    assert_problem(refused, 405)
    assert refused["Allow"] == "HEAD, OPTIONS, PATCH"


def test_an_answer_that_is_made_while_it_is_sent_is_sent(alice):
    response = program(alice).get("/lines")

    assert b"".join(response.streaming_content) == b"line\n" * 3
    assert "ETag" not in response


def test_the_document_names_the_kind_of_body(alice):
    operation = trial.trial.get_openapi_schema()["paths"]["/api/v1/stream"]["patch"]

    assert operation["requestBody"] == {"required": True, "content": {trial.STREAM: {}}}
    assert {"411", "413", "415"} <= set(operation["responses"])
    assert "Idempotency-Key" not in {each["name"] for each in operation["parameters"]}
