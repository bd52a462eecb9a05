"""Requests that were on their way while another renewed the token of their browser: docs/adr/0016."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from sessions_app import services
from sessions_app.models import Session, User
from tests import factories
from tests.races import Gate, held
from tests.sessions_app.conftest import browser, is_signed_in, row_of, sign_in

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_loser_of_a_renewal_leaves_the_newer_cookie_of_its_browser_alone():
    alice = factories.user()
    client, twin = sign_in(alice), browser()
    twin.cookies = client.cookies.copy()
    User.objects.filter(pk=alice.pk).update(is_staff=True)

    with held(Gate(), lambda: client.get(reverse("sessions_app:devices")), "session_version") as outcome:
        assert is_signed_in(twin)

    # Sent to sign in, where the newer cookie, if it has come by then, sends the browser back.
    assert outcome[0].status_code == 302
    assert settings.SESSION_COOKIE_NAME not in outcome[0].cookies
    there = twin.get(outcome[0]["Location"])
    assert there["Location"] == reverse("sessions_app:devices")


def test_a_request_that_comes_with_the_old_token_a_moment_later_leaves_the_newer_cookie_alone_too():
    alice = factories.user()
    client, late = sign_in(alice), browser()
    late.cookies = client.cookies.copy()
    User.objects.filter(pk=alice.pk).update(is_staff=True)
    assert is_signed_in(client)

    response = late.get(reverse("sessions_app:devices"))

    assert response.status_code == 302
    assert settings.SESSION_COOKIE_NAME not in response.cookies


@pytest.mark.parametrize("ended", [True, False], ids=["ended", "a minute later"])
def test_a_token_that_is_old_for_good_is_removed_from_the_browser(ended):
    alice = factories.user()
    client, late = sign_in(alice), browser()
    late.cookies = client.cookies.copy()
    User.objects.filter(pk=alice.pk).update(is_staff=True)
    assert is_signed_in(client)
    if ended:
        services.end_session(session_id=row_of(client).pk, by=alice, reason=Session.Reason.PERSON)
    else:
        Session.objects.update(renewed_at=timezone.now() - timedelta(minutes=2))

    response = late.get(reverse("sessions_app:devices"))

    assert response.cookies[settings.SESSION_COOKIE_NAME]["max-age"] == 0


def test_two_requests_at_once_that_prove_who_they_are_get_the_same_new_token():
    alice = factories.user()
    client, twin = sign_in(alice), browser()
    twin.cookies = client.cookies.copy()
    old = client.cookies[settings.SESSION_COOKIE_NAME].value

    with held(Gate(), lambda: prove_again(client), "session_version") as outcome:
        first = prove_again(twin)

    assert (first.status_code, outcome[0].status_code) == (302, 302)
    assert token_in(first) == token_in(outcome[0]) != old
    assert is_signed_in(client)
    assert Session.objects.active().filter(user=alice).count() == 1


def test_a_proof_that_comes_later_than_a_minute_after_the_renewal_is_interrupted():
    client, twin = sign_in(factories.user()), browser()
    twin.cookies = client.cookies.copy()

    with held(Gate(), lambda: prove_again(client), "session_version") as outcome:
        prove_again(twin)
        Session.objects.update(renewed_at=timezone.now() - timedelta(minutes=2))

    assert outcome[0].status_code == 400


def prove_again(client):
    return client.post(reverse("account_reauthenticate"), {"password": factories.PASSWORD})


def token_in(response):
    return response.cookies[settings.SESSION_COOKIE_NAME].value


def test_somebody_may_sign_in_with_a_cookie_that_was_renewed_elsewhere():
    alice = factories.user()
    client, late = sign_in(alice), browser()
    late.cookies = client.cookies.copy()
    User.objects.filter(pk=alice.pk).update(is_staff=True)
    assert is_signed_in(client)

    sign_in(alice, at=late)

    assert is_signed_in(late)
