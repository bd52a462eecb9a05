"""People who sign in through the real page."""

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from sessions_app.models import Session, token_hash
from tests import factories

FIREFOX = "Mozilla/5.0 (Android 14; Mobile; rv:132.0) Gecko/132.0 Firefox/132.0"
CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36"


def browser(user_agent=FIREFOX, **options):
    return Client(headers={"user-agent": user_agent}, **options)


def sign_in(user, *, at=None, remember=False, password=factories.PASSWORD):
    """Sign in through the page; return the browser."""
    at = at or browser()
    response = at.post(
        reverse("account_login"),
        {"login": user.email, "password": password, **({"remember": "on"} if remember else {})},
    )
    assert response.status_code == 302, response.content.decode()[:2000]
    return at


def row_of(client):
    return Session.objects.get(token_hash=token_hash(client.cookies[settings.SESSION_COOKIE_NAME].value))


def is_signed_in(client):
    response = client.get(reverse("sessions_app:devices"))
    assert response.status_code in (200, 302)
    return response.status_code == 200


@pytest.fixture
def alice(db):
    return factories.user(name="alice")


@pytest.fixture
def mallory(db):
    return factories.user(name="mallory")
