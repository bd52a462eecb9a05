"""A cookie that was not issued here is no session: nobody is signed in, the cookie goes, nothing is adopted."""

import logging
from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from sessions_app import cache
from sessions_app.models import Session
from tests import factories
from tests.sessions_app.conftest import sign_in

pytestmark = pytest.mark.django_db(transaction=True)

FOREIGN = {
    "never issued": "n" * 43,
    "truncated": "n" * 20,
    "empty": "",
    "ten kilobytes": "n" * 10_000,
    "not ascii": "né" * 20,
    "a NUL byte": "n\0" * 10,
    "a path": "../../etc/passwd",
    "SQL": "' OR 1=1 --",
    "quotes": '"quoted"',
}


def visit(cookie):
    client = Client(headers={"cookie": f"{settings.SESSION_COOKIE_NAME}={cookie}"})
    return client.get(reverse("sessions_app:devices"))


@pytest.mark.parametrize("cookie", FOREIGN.values(), ids=FOREIGN)
def test_a_foreign_cookie_is_signed_out_and_removed(cookie):
    response = visit(cookie)

    assert response.status_code == 302
    assert response["Location"].startswith(reverse("account_login"))
    assert not Session.objects.exists()
    if cookie:
        assert response.cookies[settings.SESSION_COOKIE_NAME]["max-age"] == 0


def test_an_expired_cookie_is_signed_out_and_removed(alice):
    long_ago = timezone.now() - timedelta(days=2)
    factories.session(user=alice, token="e" * 43, created_at=long_ago)

    response = visit("e" * 43)

    assert response.status_code == 302
    assert response.cookies[settings.SESSION_COOKIE_NAME]["max-age"] == 0


def test_a_never_issued_token_is_not_adopted_at_sign_in(alice):
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = "n" * 43

    sign_in(alice, at=client)

    assert client.cookies[settings.SESSION_COOKIE_NAME].value != "n" * 43


def test_a_foreign_cookie_is_logged_by_hash_only(caplog):
    with caplog.at_level(logging.INFO):
        visit("../secret-of-somebody")

    assert "session_cookie_foreign" in caplog.text
    assert "secret-of-somebody" not in caplog.text


def test_a_stored_body_that_nobody_can_read_is_an_empty_session(alice):
    client = sign_in(alice)
    Session.objects.update(data="garbage")

    cache.drop([bytes(row.token_hash) for row in Session.objects.all()])

    response = client.get(reverse("sessions_app:devices"))

    assert response.status_code == 302
