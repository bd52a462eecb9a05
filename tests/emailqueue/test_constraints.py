"""What Postgres refuses of mail, whatever the code above it does, and what gets in where a constraint is taken out."""

import pytest
from django.utils import timezone

from emailqueue.models import Consent, Email, EmailRecipient, MailAct, OptOut, ProviderEvent, Suppression
from tests.constraints import assert_refused, constraints_of, take_out, take_out_unique

pytestmark = pytest.mark.django_db

BOB = "bob@example.org"


def email(**fields):
    number = Email.objects.count()
    row = {"kind": "transactional", "message_id": f"{number}@hall", "sender": "hall@example.org", "destination": "a"}
    return Email.objects.create(**(row | fields))


def bad_email(**fields):
    return lambda: email(**fields)


def twice(model, **fields):
    def store():
        for _ in range(2):
            model.objects.create(**fields)

    return store


def recipient_twice():
    twice(EmailRecipient, email=email(), address=BOB)()


BAD_ROWS = [
    ("email_leased_while_sending", bad_email(state="sending")),
    ("email_leased_while_sending", bad_email(lease_expires_at=timezone.now())),
    ("email_finished_when_over", bad_email(state="sent")),
    ("email_finished_when_over", bad_email(finished_at=timezone.now())),
    ("email_in_bulk_has_a_topic_to_leave", bad_email(kind="bulk")),
    ("email_priority_from_0_to_9", bad_email(priority=10)),
    ("email_key_has_a_fingerprint", bad_email(key="x")),
    ("email_key_has_a_fingerprint", bad_email(fingerprint=b"x")),
    ("recipient_once_a_mail", recipient_twice),
    ("mail_act_has_a_reason", lambda: MailAct.objects.create(kind="cancel", reason="")),
    ("provider_event_once", twice(ProviderEvent, provider="ses", event_id="1")),
    ("opt_out_once_a_topic", twice(OptOut, address=BOB, topic="news", source="link")),
]
UNIQUE_FIELDS = [
    (Email, "key", lambda: [email(key="one", fingerprint=b"1") for _ in range(2)]),
    (Email, "message_id", lambda: [email(message_id="one@hall") for _ in range(2)]),
    (Suppression, "address", twice(Suppression, address=BOB, reason="manual")),
    (Consent, "address", twice(Consent, address=BOB)),
]
CONSTRAINTS = constraints_of("emailqueue")


def test_every_constraint_has_a_row_that_it_refuses():
    assert {name for name, _ in BAD_ROWS} == CONSTRAINTS.keys()


@pytest.mark.parametrize(("name", "store"), BAD_ROWS)
def test_with_the_constraint_the_row_is_refused(name, store):
    assert_refused(name, store)


@pytest.mark.parametrize(("name", "store"), BAD_ROWS)
def test_without_the_constraint_the_row_gets_in(name, store):
    take_out(CONSTRAINTS[name])

    store()


@pytest.mark.parametrize(("model", "field", "store"), UNIQUE_FIELDS)
def test_what_is_one_of_its_kind_cannot_be_there_twice(model, field, store):
    assert_refused(field, store)


@pytest.mark.parametrize(("model", "field", "store"), UNIQUE_FIELDS)
def test_without_its_uniqueness_it_gets_in_twice(model, field, store):
    take_out_unique(model, field)

    store()
