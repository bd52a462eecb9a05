"""The header sent twice, over a real connection: a test client cannot say it so."""

import contextlib
import http.client

import pytest

from tests.faults.processes import LOOPBACK, WAIT_SECONDS
from tests.faults.servers import Web
from tests.idempotency.hall import effects
from tests.idempotency.test_killed_views import BODY, ENV, cookies_of
from tests.idempotency.test_table import ask

pytestmark = pytest.mark.django_db(transaction=True)


def send(web, browser, *keys):
    """Return the status of one request with that many headers."""
    there = http.client.HTTPConnection(LOOPBACK, web.port, timeout=WAIT_SECONDS)
    with contextlib.closing(there):
        there.putrequest("POST", "/strict")
        for name, value in cookies_of(browser).items():
            there.putheader("Cookie", f"{name}={value}")
        for key in keys:
            there.putheader("Idempotency-Key", key)
        there.putheader("Content-Type", "application/json")
        there.putheader("Content-Length", str(len(BODY)))
        there.endheaders(BODY.encode())
        return there.getresponse().status


def test_a_header_that_comes_twice_is_malformed_and_nothing_happens(at_alices):
    with Web(env=ENV) as web:
        statuses = [send(web, at_alices, *keys) for keys in (("one", "one"), ("one", "two"), ('"one"', '"one"'))]
        assert (statuses, effects()) == ([400, 400, 400], 0)

        assert send(web, at_alices, "one") == 201


@pytest.mark.parametrize(("key", "status"), [("one,two", 400), ('"one,two"', 201)])
def test_a_comma_stands_only_between_quotes(at_alices, key, status):
    assert ask(at_alices, "/strict", key).status_code == status
