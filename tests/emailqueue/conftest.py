import pytest
from django.test import Client
from django.urls import reverse

from emailqueue import delivery, services
from emailqueue.drafts import Draft
from emailqueue.models import EmailEvent, MailAct
from tests import factories
from tests.emailqueue.sink import Sink

BOB = "bob@example.org"


@pytest.fixture(autouse=True)
def queue_backend(settings):
    """pytest-django puts Django's outbox in the place of the backend; here mail is queued."""
    settings.EMAIL_BACKEND = "emailqueue.backend.QueueBackend"


@pytest.fixture
def sink(settings):
    found = Sink().start()
    settings.EMAIL_PROVIDERS = [found.url]
    settings.EMAIL_TIMEOUT = 5
    yield found
    found.stop()


def draft(*to: str, **mail) -> Draft:
    plain = {
        "to": to or ["bob@example.org"],
        "subject": "Hello",
        "text": "Hello there.\n",
        "html": "<p>Hello there.</p>",
    }
    return Draft(**(plain | mail))


def queued(*to: str, **mail):
    return services.enqueue(draft=draft(*to, **mail))


@pytest.fixture
def sent(sink, settings):
    settings.EMAIL_BOUNCE_ADDRESS = "bounces@hall.example"
    email = queued(BOB)
    delivery.deliver_due(bulk=True)
    email.refresh_from_db()
    return email


def newest_event():
    return EmailEvent.objects.order_by("-pk").values_list("kind", "status").first()


@pytest.fixture
def olga(db):
    return factories.user(name="olga", superuser=True)


def at_the_desk(person):
    browser = Client()
    browser.force_login(person)
    return browser


@pytest.fixture
def desk(olga):
    return at_the_desk(olga)


def page_of(email, act):
    return reverse("admin:emailqueue_email_act", args=[email.pk, act])


def do(browser, email, act, reason="asked by phone"):
    return browser.post(page_of(email, act), {"reason": reason}, follow=True)


def acts():
    return list(MailAct.objects.order_by("pk").values_list("kind", "by__email", "reason", "address"))
