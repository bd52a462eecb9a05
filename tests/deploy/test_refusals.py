"""What never reaches Django is refused as a problem too, by the settings of the hall and by those of `make run`."""

import json
import socket

import pytest

from deploy.local.ground import LOOPBACK
from tests import faults
from tests.faults.processes import WAIT_SECONDS


@pytest.fixture(scope="module")
def web(django_db_setup):
    with faults.Web() as there:
        yield there


def ask(web, raw):
    """Send bytes, and return the status, the type and the body of what comes back."""
    with socket.create_connection((LOOPBACK, web.port), timeout=WAIT_SECONDS) as there:
        there.sendall(raw)
        answer = b"".join(iter(lambda: there.recv(65536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *fields = head.decode("latin-1").split("\r\n")
    return int(first.split()[1]), dict(field.split(": ", 1) for field in fields)["Content-Type"], body


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"GET / HTTP/9.9\r\n\r\n", 400),
        (b"rubbish\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nBad Name: x\r\n\r\n", 400),
        (b"GET /?" + b"x" * 9000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 9000 + b"\r\n\r\n", 431),
    ],
)
def test_a_request_that_is_none_is_told_as_a_problem(web, raw, status):
    found, kind, body = ask(web, raw)

    assert (found, kind) == (status, "application/problem+json")
    assert json.loads(body)["status"] == status


def test_a_long_query_of_an_honest_program_is_read(web):
    found, _, _ = ask(
        web, b"GET /healthz?" + b"x" * 8000 + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    )

    assert found == 200
