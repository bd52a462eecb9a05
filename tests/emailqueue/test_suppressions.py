"""Mail that is held and let go, and the list of those who are not written to, in the admin."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from emailqueue import delivery
from emailqueue.models import Suppression
from tests.emailqueue.conftest import BOB, acts, do, queued

pytestmark = pytest.mark.django_db(transaction=True)


def held():
    Suppression.objects.create(address=BOB, reason="bounce")
    email = queued(BOB)
    delivery.deliver_due(bulk=True)
    email.refresh_from_db()
    assert email.state == "held"
    return email


def test_a_held_mail_is_released_when_nothing_holds_it(desk, sink):
    email = held()
    Suppression.objects.all().delete()

    response = do(desk, email, "release")

    delivery.deliver_due(bulk=True)
    assert "It is released." in response.content.decode()
    assert len(sink.taken) == 1
    assert acts() == [("release", "olga@example.org", "asked by phone", "")]


def test_a_held_mail_stays_while_its_recipient_is_on_the_list_and_nothing_is_written_down(desk, sink):
    email = held()

    response = do(desk, email, "release")

    email.refresh_from_db()
    assert "look at the suppression list" in response.content.decode()
    assert (email.state, acts()) == ("held", [])


def test_taking_an_address_off_sends_what_was_held_for_it(desk, sink):
    held()
    row = Suppression.objects.get()

    response = desk.post(
        reverse("admin:emailqueue_suppression_changelist"),
        {"action": "take_off", "_selected_action": [str(row.pk)]},
        follow=True,
    )

    delivery.deliver_due(bulk=True)
    assert "Taken off: 1. Mails that go out now: 1." in response.content.decode()
    assert len(sink.taken) == 1
    assert acts() == [("unsuppress", "olga@example.org", "taken off in the admin", BOB)]


def test_an_address_is_put_on_the_list_by_hand_for_a_while(desk, sink):
    response = desk.post(
        reverse("admin:emailqueue_suppression_by_hand"),
        {"address": "Bob@Example.org", "days": "30", "reason": "asked by phone"},
        follow=True,
    )

    queued(BOB)
    delivery.deliver_due(bulk=True)
    row = Suppression.objects.get()
    assert "Nothing is sent to bob@example.org any more." in response.content.decode()
    assert (row.address, row.reason, row.source) == (BOB, "manual", "asked by phone")
    assert timedelta(days=29) < row.expires_at - timezone.now() <= timedelta(days=30)
    assert sink.taken == []
    assert acts() == [("suppress", "olga@example.org", "asked by phone", BOB)]


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"address": "nobody"}, "no domain"),
        ({"address": "x" * 300 + "@a.de"}, "at most 254"),
        ({"address": "a\0@example.org"}, "Null characters"),
        ({"address": "bob@exa mple.org"}, "no domain."),
        ({"days": "31"}, "valid choice"),
        ({"days": "9" * 40}, "valid choice"),
        ({"reason": ""}, "required"),
        ({"reason": "x" * 151}, "at most 150"),
    ],
)
def test_what_cannot_be_on_the_list_is_refused_beside_its_field(desk, fields, says):
    good = {"address": BOB, "days": "0", "reason": "asked"}

    response = desk.post(reverse("admin:emailqueue_suppression_by_hand"), good | fields)

    assert response.status_code == 200
    assert says in response.content.decode()
    assert not Suppression.objects.exists()
