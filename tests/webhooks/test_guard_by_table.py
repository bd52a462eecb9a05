"""The whole table of places that are none for a webhook: refused at the form, and once more when it is connected to."""

import asyncio
import html

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.webhooks.conftest import in_a_thread
from tests.webhooks.receivers import Receiver
from tests.webhooks.test_addresses import REFUSED_URLS
from webhooks import identifiers, signatures
from webhooks.delivery.claims import Job
from webhooks.delivery.records import Outcome
from webhooks.delivery.sending import Sender
from webhooks.models import Endpoint

# What a browser cannot send, and what a field takes off at its ends.
TYPED = {url: reason for url, reason in REFUSED_URLS.items() if url == url.strip() and "\ud800" not in url}
NOT_SENT = {Outcome.BLOCKED, Outcome.DNS, Outcome.BROKEN}


def job_for(url):
    event = identifiers.new_event_id(timezone.now())
    secret = signatures.new_secret("v1")
    return Job(
        **{"delivery_id": identifiers.delivery_id(event, 1), "event_id": event, "endpoint_id": 1, "fence": 1},
        **{"attempts": 0, "due_at": timezone.now(), "url": url, "headers": {}, "secrets": (secret,)},
        **{"ladder": (0,), "body": b"{}"},
    )


def attempts(urls, resolve):
    """Make one attempt at each, whatever the form would say; return the results by URL."""

    async def run():
        async with Sender(deadline=5.0, resolve=resolve) as sender:
            return {url: await sender.send(job_for(url)) for url in urls}

    return in_a_thread(lambda: asyncio.run(run()))


@pytest.mark.django_db
def test_the_form_refuses_every_one_with_its_reason(alice, settings):
    settings.HTTPS = True
    browser = Client()
    browser.force_login(alice)
    wrong = {}

    for url, reason in TYPED.items():
        answer = browser.post(
            reverse("webhooks:endpoint_new"), {"url": url, "steps": "0, 1m", "concurrency": "10"}, secure=True
        )
        said = html.unescape(answer.content.decode())
        # Too long and zero bytes are refused by the field itself, in Django's words.
        if answer.status_code not in (400, 422) or not (
            reason in said or "Null characters" in said or "at most" in said
        ):
            wrong[url] = answer.status_code

    assert len(TYPED) >= 180
    assert wrong == {}
    assert not Endpoint.objects.exists()


@pytest.mark.parametrize("answer", ["127.0.0.1", "::1", "169.254.169.254", "::ffff:10.0.0.1"])
def test_connecting_refuses_every_one_when_names_mean_something_private(db, answer):
    results = attempts(REFUSED_URLS, lambda host: [answer])

    assert {url: result.outcome for url, result in results.items() if result.outcome not in NOT_SENT} == {}
    assert {result.address for result in results.values()} == {""}


def test_whatever_the_spelling_nothing_arrives_at_this_machine(db):
    with Receiver() as there:
        spelled = [
            url.replace("https://", "http://", 1).partition("/#")[0].rstrip("/") + f":{there.port}/"
            for url, reason in REFUSED_URLS.items()
            if "127.0.0.1" in reason or "loopback" in reason or "full name" in reason or "private network" in reason
        ]

        results = attempts(spelled, lambda host: ["127.0.0.1"])

        assert there.requests == []
    assert len(spelled) >= 50
    assert not [url for url, result in results.items() if result.outcome not in NOT_SENT]


def test_the_same_machine_is_reached_when_the_settings_name_it():
    """What the tests above rest on: without the guard something would arrive."""
    with Receiver() as there:

        async def run():
            allowed = [f"127.0.0.1:{there.port}"]
            async with Sender(deadline=5.0, allowed=allowed, resolve=lambda host: ["127.0.0.1"]) as sender:
                return await sender.send(job_for(f"http://anything.example:{there.port}/"))

        result = in_a_thread(lambda: asyncio.run(run()))

        assert len(there.requests) == 1
    assert result.outcome == Outcome.SUCCEEDED


def test_a_resolver_that_answers_anew_each_time_never_gets_past_the_check():
    """Rebinding: public when it is looked at, private when it is connected to; here each answer is looked at itself."""
    asked = []

    def rebinding(host):
        asked.append(host)
        return ["127.0.0.1"] if len(asked) % 2 else ["10.0.0.1", "8.8.8.8"]

    with Receiver() as there:
        results = attempts([f"http://rebind{n}.example:{there.port}/" for n in range(6)], rebinding)

        assert there.requests == []
    assert {result.outcome for result in results.values()} == {Outcome.BLOCKED}
    assert len(asked) == 6
