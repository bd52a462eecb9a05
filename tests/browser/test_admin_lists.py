"""The lists of the admin beside the list of books: at 1280 pixels every column is in sight."""

import uuid

import pytest
from django.urls import reverse

from idempotency.services import Scope, claim
from sessions_app.models import SecurityEvent
from tests import factories
from tests.browser.test_first_day import sign_in
from tests.featureflags.conftest import make

pytestmark = pytest.mark.django_db(transaction=True)

LISTS = [
    *("sessions_app_user", "sessions_app_session", "sessions_app_securityevent", "sessions_app_apitoken"),
    *("sessions_app_device", "idempotency_record", "featureflags_flag", "featureflags_segment"),
]
HIDDEN = "document.querySelector('.results').scrollWidth - document.querySelector('.results').clientWidth"


def test_no_list_is_wider_than_its_place(new_context, live_flags):
    olga = factories.user(name="olga", superuser=True)
    factories.api_token(user=olga)
    factories.device(user=olga)
    factories.session(user=olga, token="one")
    SecurityEvent.objects.create(kind="signed_in", user=olga, by=olga, address="2001:db8::1234:5678", note="a test")
    claim(scope=Scope("user:1", "POST", "settings/appearance", str(uuid.uuid4())), fingerprint=b"\0" * 32)
    make("week_grid", by=olga)
    page = new_context(viewport={"width": 1280, "height": 900}).new_page()
    sign_in(page, olga.email)

    wider = {}
    for name in LISTS:
        page.goto(reverse(f"admin:{name}_changelist"))
        if page.locator(".results").count():
            wider[name] = page.evaluate(HIDDEN)

    assert set(wider.values()) == {0}, wider
    assert len(wider) >= len(LISTS) - 1
