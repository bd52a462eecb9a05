"""What a person does not want does not come, from the next mail on (invariant 4)."""

import pytest
from django.test import Client
from django.urls import reverse

from emailqueue import delivery, links
from emailqueue.models import Consent, Email, EmailEvent, OptOut, Suppression
from emailqueue.services import operators, wishes
from tests import factories
from tests.emailqueue.conftest import queued

pytestmark = pytest.mark.django_db(transaction=True)

BOB = "bob@example.org"


def page(topic="news", address=BOB):
    return reverse("emailqueue:unsubscribe", args=[links.unsubscribe_token(address=address, topic=topic)])


def letter(**mail):
    return queued(BOB, bulk=True, topic="news", **mail)


def test_a_mail_programs_one_click_stops_the_topic_without_sign_in_cookie_or_token(sink):
    letter()
    delivery.deliver_due(bulk=True)
    found = sink.taken[0].mail
    address = found["List-Unsubscribe"].strip("<>").removeprefix("http://127.0.0.1:8000")
    assert found["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    client = Client(enforce_csrf_checks=True)

    response = client.post(address, {"List-Unsubscribe": "One-Click"})

    assert response.status_code == 200
    assert list(OptOut.objects.values_list("address", "topic", "source")) == [(BOB, "news", "link")]
    assert EmailEvent.objects.filter(kind="unsubscribed", address=BOB).count() == 1


@pytest.mark.parametrize("method", ["get", "head"])
def test_looking_at_the_link_changes_nothing(client, method):
    response = getattr(client, method)(page())

    assert response.status_code == 200
    assert not OptOut.objects.exists()


def test_a_second_click_is_as_good_as_one(client):
    for _ in range(2):
        assert client.post(page(), {"List-Unsubscribe": "One-Click"}).status_code == 200

    assert OptOut.objects.count() == 1


def test_on_the_page_everything_can_be_stopped(client):
    client.post(page(), {"stop": "everything"})

    assert list(OptOut.objects.values_list("topic", flat=True)) == [""]


def test_a_post_that_says_nothing_stops_nothing(client):
    response = client.post(page(), {"x": "y"})

    assert response.status_code == 400
    assert not OptOut.objects.exists()


@pytest.mark.parametrize("cut", [lambda token: token[:-1], lambda token: "x" + token, lambda token: "x" * 4000])
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_token_that_was_tampered_with_is_told_so(client, cut, method):
    token = links.unsubscribe_token(address=BOB, topic="news")

    response = getattr(client, method)(
        reverse("emailqueue:unsubscribe", args=[cut(token)]), {"List-Unsubscribe": "One-Click"}
    )

    assert response.status_code == 404
    assert "does not work" in response.content.decode()
    assert not OptOut.objects.exists()


def test_what_was_queued_before_it_was_stopped_does_not_go_out(sink, client):
    email = letter()
    client.post(page(), {"List-Unsubscribe": "One-Click"})

    delivery.deliver_due(bulk=True)

    email.refresh_from_db()
    assert email.state == Email.State.CANCELLED
    assert not sink.taken


def test_a_topic_that_was_left_stops_no_other_and_nothing_transactional(sink):
    wishes.leave(address=BOB, topic="news", source="test")
    letter()
    queued(BOB, bulk=True, topic="digest", subject="digest")
    queued(BOB, subject="password")

    delivery.deliver_due(bulk=True)

    assert {taken.mail["Subject"] for taken in sink.taken} == {"digest", "password"}


def test_everything_means_every_topic_and_still_nothing_transactional(sink):
    wishes.leave(address=BOB, topic="", source="test")
    letter()
    queued(BOB, subject="password")

    delivery.deliver_due(bulk=True)

    assert [taken.mail["Subject"] for taken in sink.taken] == ["password"]


def test_a_suppressed_address_gets_nothing_and_its_mail_is_held_until_it_is_taken_off(sink):
    olga = factories.user(name="olga", superuser=True)
    row = operators.suppress(address=BOB, by=olga, reason="asked by phone")
    email = queued(BOB)
    delivery.deliver_due(bulk=True)
    email.refresh_from_db()
    assert (email.state, len(sink.taken)) == (Email.State.HELD, 0)

    released = operators.unsuppress(suppression_id=row.pk, by=olga, reason="asked again")
    delivery.deliver_due(bulk=True)

    email.refresh_from_db()
    assert released == 1
    assert (email.state, len(sink.taken)) == (Email.State.SENT, 1)


def test_of_three_recipients_only_the_suppressed_one_goes_without(sink):
    Suppression.objects.create(address=BOB, reason="bounce")
    email = queued(BOB, "alice@example.org", "carol@example.org")

    delivery.deliver_due(bulk=True)

    email.refresh_from_db()
    assert email.state == Email.State.SENT
    assert sink.taken[0].recipients == ["alice@example.org", "carol@example.org"]
    assert email.recipients.get(address=BOB).state == "suppressed"


def test_a_member_chooses_on_the_page(client):
    alice = factories.user(name="alice")
    client.force_login(alice)
    assert client.get("/account/mail").status_code == 200

    response = client.post("/account/mail", {"topics": ["news"], "noted": "on"})

    assert response.status_code == 302
    held = wishes.wishes(address=alice.email)
    assert held == {
        "topics": {"news": True, "reminders": False, "talk": False, "digest": False},
        "everything_off": False,
        "noted": True,
    }
    client.post("/account/mail", {"topics": ["news", "reminders", "talk", "digest"]})
    assert not OptOut.objects.exists()
    assert not Consent.objects.exists()


def test_a_topic_that_is_none_is_refused_on_the_page_and_changes_nothing(client):
    client.force_login(factories.user(name="alice"))

    response = client.post("/account/mail", {"topics": ["no-such"]})

    assert response.status_code == 400
    assert not OptOut.objects.exists()
