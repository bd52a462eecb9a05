"""What receivers, names and networks do wrong: each is told apart, bounded, and tried again."""

import asyncio
import socket
import ssl
from datetime import timedelta

import pytest
from aiohttp import web
from django.utils import timezone

from tests.webhooks.conftest import deliver, endpoint, make_due, ping
from tests.webhooks.receivers import Receiver
from webhooks.models import Attempt, Delivery, Endpoint, Notice

pytestmark = pytest.mark.django_db(transaction=True)


def outcome_of(alice, url, **options):
    endpoint(alice, url)
    ping(alice)
    deliver(**options)
    return Attempt.objects.get()


def closed_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422, 500, 502, 504])
def test_whatever_is_not_success_is_tried_again(alice, receiver, status):
    receiver.answers(status)

    attempt = outcome_of(alice, receiver.url)

    assert (attempt.outcome, attempt.status) == ("status", status)
    assert Delivery.objects.get().state == Delivery.State.PENDING


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_every_status_of_success_is_success(alice, receiver, status):
    receiver.answers(status)

    attempt = outcome_of(alice, receiver.url)

    assert attempt.has_succeeded


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_a_failure_and_is_not_followed(alice, receiver, status):
    with Receiver() as elsewhere:
        receiver.answers(status, headers={"Location": elsewhere.url})

        attempt = outcome_of(alice, receiver.url)

        assert elsewhere.requests == []
    assert attempt.outcome == "redirected"
    assert Delivery.objects.get().state == Delivery.State.PENDING


def test_nobody_listening_is_a_refused_connection(alice, loopback):
    attempt = outcome_of(alice, f"http://127.0.0.1:{closed_port()}/")

    assert attempt.outcome == "refused"


def test_a_name_that_is_not_there_is_told_and_tried_again(alice):
    def resolve(host):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    attempt = outcome_of(alice, "https://nowhere.example.org/", resolve=resolve)

    assert attempt.outcome == "dns"
    assert "not known" in attempt.detail
    assert Delivery.objects.get().state == Delivery.State.PENDING


def test_a_certificate_that_nobody_signed_is_told(alice, loopback, certificate):
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(certificate)
    with Receiver(tls=server) as there:
        attempt = outcome_of(alice, there.url)

    assert attempt.outcome == "tls"
    assert there.requests == []


def test_a_connection_that_is_closed_without_an_answer_is_broken(alice, receiver):
    async def answer(request):
        request.transport.close()
        return web.Response()

    receiver.answer = answer

    attempt = outcome_of(alice, receiver.url)

    assert attempt.outcome == "broken"


def test_a_receiver_that_never_answers_is_left_at_the_deadline(alice, receiver):
    async def answer(request):
        await asyncio.sleep(60)
        return web.Response()

    receiver.answer = answer

    attempt = outcome_of(alice, receiver.url, deadline=0.3)

    assert attempt.outcome == "timed_out"


def test_bytes_that_drip_obey_the_total_deadline(alice, receiver):
    async def answer(request):
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(6000):
            await response.write(b".")
            await asyncio.sleep(0.01)
        return response

    receiver.answer = answer

    attempt = outcome_of(alice, receiver.url, deadline=0.5)

    assert attempt.outcome == "timed_out"
    assert 400 <= attempt.took_ms < 5000


def test_headers_that_drip_obey_the_total_deadline(alice, loopback):
    async def serve(reader, writer):
        writer.write(b"HTTP/1.1 200 OK\r\n")
        for number in range(6000):
            writer.write(f"X-{number}: 1\r\n".encode())
            await asyncio.sleep(0.01)

    async def run():
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        return server, server.sockets[0].getsockname()[1]

    with Receiver() as thread:
        server, port = asyncio.run_coroutine_threadsafe(run(), thread._loop).result(10)

        attempt = outcome_of(alice, f"http://127.0.0.1:{port}/", deadline=0.5)

        thread._loop.call_soon_threadsafe(server.close)
    assert attempt.outcome in ("timed_out", "broken")


def test_of_an_endless_answer_only_a_little_is_read_and_less_is_kept(alice, receiver):
    sent = 0

    async def answer(request):
        nonlocal sent
        response = web.StreamResponse(headers={"Content-Length": str(10**9)})
        await response.prepare(request)
        while sent < 10**9:
            await response.write(b"x" * 65536)
            sent += 65536
        return response

    receiver.answer = answer

    attempt = outcome_of(alice, receiver.url)

    assert attempt.has_succeeded
    assert attempt.answer_is_cut
    assert len(attempt.answer) == 8192
    assert sent < 50_000_000


def test_a_bomb_of_gzip_stays_packed(alice, receiver):
    packed = b"\x1f\x8b\x08" + b"\0" * 100
    receiver.answers(200)

    async def answer(request):
        return web.Response(body=packed, headers={"Content-Encoding": "gzip"})

    receiver.answer = answer

    attempt = outcome_of(alice, receiver.url)

    assert bytes(attempt.answer) == packed


def test_gone_disables_the_endpoint_and_its_owner_is_told(alice, receiver):
    receiver.answers(410)

    outcome_of(alice, receiver.url)

    row = Endpoint.objects.get()
    assert (row.state, row.state_because) == ("disabled", "gone")
    assert Delivery.objects.get().state == Delivery.State.DEAD
    assert Notice.objects.get().kind == Notice.Kind.DISABLED


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_makes_the_wait_longer(alice, receiver, status):
    receiver.answers(status, headers={"Retry-After": "7200"})
    before = timezone.now()

    outcome_of(alice, receiver.url)

    assert Delivery.objects.get().next_attempt_at >= before + timedelta(seconds=7200)
    assert before + timedelta(minutes=59) < Endpoint.objects.get().rests_until_at < before + timedelta(minutes=61)


@pytest.mark.parametrize("value", ["-5", "soon", "9" * 400, "Thu, 99 Foo 2026 99:99:99 GMT", "\u0663", "0"])
def test_a_retry_after_of_rubbish_counts_as_none(alice, receiver, value):
    receiver.answers(429, headers={"Retry-After": value})

    outcome_of(alice, receiver.url)

    assert Delivery.objects.get().next_attempt_at < timezone.now() + timedelta(minutes=2)


def test_the_ladder_ends_as_a_dead_letter(alice, receiver):
    receiver.answers(500)
    endpoint(alice, receiver.url)
    ping(alice)

    for _ in range(7):
        deliver()
        make_due()
    deliver()

    row = Delivery.objects.get()
    assert (row.state, row.attempts) == (Delivery.State.DEAD, 7)
    assert Attempt.objects.count() == 7


def test_an_endpoint_has_the_ladder_that_it_was_given(alice, receiver):
    receiver.answers(500)
    endpoint(alice, receiver.url, ladder=[0, 3600])
    ping(alice)

    deliver()

    wait = Delivery.objects.get().next_attempt_at - timezone.now()
    assert timedelta(minutes=47) < wait < timedelta(minutes=73)
