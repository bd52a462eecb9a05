"""The guard when it connects: whatever was stored, and whatever a name says this time."""

import ssl

import pytest

from tests.webhooks.conftest import deliver, endpoint, ping, secret_of
from tests.webhooks.receivers import Receiver, verify
from webhooks.models import Attempt, Delivery, Endpoint

pytestmark = pytest.mark.django_db(transaction=True)

PRIVATE = [
    *("127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1"),
    *("168.63.129.16", "255.255.255.255", "198.18.0.1", "192.0.0.192"),
    *("::1", "::", "fe80::1", "fec0::1", "fd00:ec2::254", "ff02::1", "::ffff:127.0.0.1", "::ffff:7f00:1"),
    *("64:ff9b::7f00:1", "64:ff9b:1::a00:1", "2002:7f00:1::", "2001:0:1:1:1:1:80ff:fffe", "::127.0.0.1"),
    *("2001:db8::1", "fe80::1%1", "2001:4860::5efe:7f00:1"),
]


def stored_as(owner, url):
    """Return an endpoint whose URL never passed the form: an old row, or one that was written by hand."""
    row = endpoint(owner, "https://hooks.example.org/")
    Endpoint.objects.filter(pk=row.pk).update(url=url)
    return row


@pytest.mark.parametrize("address", PRIVATE)
def test_a_name_that_means_a_private_address_is_not_connected_to(alice, address):
    endpoint(alice, "https://hooks.example.org/")
    ping(alice)

    deliver(resolve=lambda host: [address])

    attempt = Attempt.objects.get()
    assert attempt.outcome == "blocked"
    assert "public" in attempt.detail


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "169.254.169.254", "0.0.0.0", "2130706433"),
        *("0x7f000001", "0177.0.0.1", "127.1", "localhost", "１２７.０.０.１"),
    ],
)
def test_a_stored_url_is_checked_again_when_it_is_connected_to(alice, host):
    with Receiver() as there:
        stored_as(alice, f"http://{host}:{there.port}/")
        ping(alice)

        deliver()

        assert there.requests == []
    assert Attempt.objects.get().outcome in ("blocked", "dns", "broken")
    assert Delivery.objects.get().state == Delivery.State.PENDING


def test_one_private_answer_among_public_ones_refuses_all(alice):
    endpoint(alice, "https://hooks.example.org/")
    ping(alice)

    deliver(resolve=lambda host: ["8.8.8.8", "127.0.0.1"])

    assert Attempt.objects.get().outcome == "blocked"


def test_a_name_that_changes_its_mind_reaches_nothing(alice, settings):
    """Rebinding: each connection asks anew, and is made to what this answer says or to nothing."""
    answers = iter([["127.0.0.1"], ["127.0.0.2"]])
    with Receiver() as there:
        settings.WEBHOOK_ALLOWED_ADDRESSES = [f"127.0.0.1:{there.port}"]
        endpoint(alice, f"http://rebind.example.org:{there.port}/")
        ping(alice)
        deliver(resolve=lambda host: next(answers))
        ping(alice)

        deliver(resolve=lambda host: next(answers))

        assert len(there.requests) == 1
    assert sorted(Attempt.objects.values_list("outcome", flat=True)) == ["blocked", "succeeded"]


def test_what_was_checked_is_what_is_connected_to(alice, loopback, settings):
    """The name is asked once a connection: an answer that would be private the second time is never asked for."""
    answers = iter([["127.0.0.1"], ["10.0.0.1"]])
    with Receiver() as there:
        settings.WEBHOOK_ALLOWED_ADDRESSES = [f"127.0.0.1:{there.port}"]
        endpoint(alice, f"http://hooks.example.org:{there.port}/")
        ping(alice)

        deliver(resolve=lambda host: next(answers))

        (request,) = there.requests
    assert request.headers["host"] == f"hooks.example.org:{there.port}"
    assert Attempt.objects.get().address == f"127.0.0.1:{there.port}"


def test_the_certificate_and_the_name_are_those_of_the_url(alice, settings, certificate):
    named = []
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(certificate)
    server.sni_callback = lambda connection, name, context: named.append(name)
    trusting = ssl.create_default_context(cafile=str(certificate))
    with Receiver(tls=server) as there:
        settings.WEBHOOK_ALLOWED_ADDRESSES = [f"127.0.0.1:{there.port}"]
        row = endpoint(alice, f"https://hooks.example.org:{there.port}/x")
        ping(alice)

        deliver(resolve=lambda host: ["127.0.0.1"], tls=trusting)

        (request,) = there.requests
    assert named == ["hooks.example.org"]
    assert request.headers["host"] == f"hooks.example.org:{there.port}"
    assert verify(request, secret_of(row))


def test_a_certificate_for_another_name_is_refused(alice, settings, certificate):
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(certificate)
    with Receiver(tls=server) as there:
        settings.WEBHOOK_ALLOWED_ADDRESSES = [f"127.0.0.1:{there.port}"]
        endpoint(alice, f"https://other.example.org:{there.port}/")
        ping(alice)

        deliver(resolve=lambda host: ["127.0.0.1"], tls=ssl.create_default_context(cafile=str(certificate)))

        assert there.requests == []
    assert Attempt.objects.get().outcome == "tls"


def test_no_proxy_of_the_environment_is_used(alice, receiver, monkeypatch):
    with Receiver() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        endpoint(alice, receiver.url)
        ping(alice)

        deliver()

        assert proxy.requests == []
    assert len(receiver.requests) == 1
