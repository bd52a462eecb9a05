import pytest

from emailqueue import delivery, services
from emailqueue.drafts import Draft
from emailqueue.models import EmailEvent
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
