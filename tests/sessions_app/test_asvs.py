"""What of ASVS 5.0, V7 no other test proves; the table in SECURITY.md names the test of each requirement."""

import base64
from datetime import timedelta

import pytest
import time_machine
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.conf import settings
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from sessions_app.engine import SessionStore
from sessions_app.models import Session
from tests import factories
from tests.sessions_app.conftest import CHROME, browser, is_signed_in, row_of, sign_in

pytestmark = pytest.mark.django_db(transaction=True)


def token_of(client):
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def replayed(token):
    """A browser that shows a token which it got hold of."""
    client = browser()
    client.cookies[settings.SESSION_COOKIE_NAME] = token
    return client


def code_of(secret):
    counter = next(iter(yield_hotp_counters_from_time()))
    return format_hotp_value(hotp_value(secret, counter))


# --- V7.1.3, V7.6.1: who else opens sessions ----------------------------------------------------------------


def test_nobody_but_this_hall_opens_sessions():
    assert settings.AUTHENTICATION_BACKENDS == ["allauth.account.auth_backends.AuthenticationBackend"]
    assert not [app for app in settings.INSTALLED_APPS if "socialaccount" in app or "oidc" in app or "saml" in app]


# --- V7.2: tokens -------------------------------------------------------------------------------------------


def test_a_token_has_256_random_bits_and_comes_once():
    tokens = [SessionStore()._get_new_session_key() for _ in range(500)]

    raw = [base64.urlsafe_b64decode(token + "=") for token in tokens]
    assert {len(each) for each in raw} == {32}
    assert len(set(raw)) == 500
    # Each bit is as often set as not: 500 throws lie within six deviations of 250.
    for place in range(256):
        assert 180 < sum(each[place // 8] >> place % 8 & 1 for each in raw) < 320


def test_each_sign_in_gets_a_token_of_its_own(alice):
    first, second = sign_in(alice), sign_in(alice, at=browser(CHROME))

    assert token_of(first) != token_of(second)


def test_the_old_token_is_dead_after_reauthentication(alice):
    client = sign_in(alice)
    old = token_of(client)

    client.post(reverse("account_reauthenticate"), {"password": factories.PASSWORD})

    assert is_signed_in(client)
    assert not is_signed_in(replayed(old))


# --- V7.4: the end of a session -----------------------------------------------------------------------------


def test_the_token_is_dead_after_sign_out(alice):
    client = sign_in(alice)
    old = token_of(client)

    client.post(reverse("account_logout"))

    assert not is_signed_in(replayed(old))


def test_no_token_of_a_deleted_person_opens_anything(alice):
    client = sign_in(alice)
    is_signed_in(client)
    alice.delete()

    assert not is_signed_in(client)
    assert not Session.objects.active().exists()


def test_a_new_second_factor_ends_all_other_sessions(alice):
    here, there = sign_in(alice), sign_in(alice, at=browser(CHROME))
    secret = here.get(reverse("mfa_activate_totp")).context["form"].secret

    here.post(reverse("mfa_activate_totp"), {"code": code_of(secret)})

    assert Authenticator.objects.filter(user=alice, type=Authenticator.Type.TOTP).exists()
    assert is_signed_in(here)
    assert not is_signed_in(there)


def test_a_removed_second_factor_ends_all_other_sessions(alice):
    here, there = sign_in(alice), sign_in(alice, at=browser(CHROME))
    TOTP.activate(alice, "JBSWY3DPEHPK3PXP")
    RecoveryCodes.activate(alice)

    here.post(reverse("mfa_deactivate_totp"))

    assert not Authenticator.objects.filter(user=alice, type=Authenticator.Type.TOTP).exists()
    assert is_signed_in(here)
    assert not is_signed_in(there)


def test_a_changed_mail_address_ends_all_other_sessions(alice):
    here, there = sign_in(alice), sign_in(alice, at=browser(CHROME))
    here.post(reverse("account_email"), {"email": "new@example.org", "action_add": ""})
    link = next(word for word in mail.outbox[-1].body.split() if "confirm-email" in word)

    here.post(link.partition("://")[2].partition("/")[2].join(["/", ""]))

    assert EmailAddress.objects.get(user=alice, primary=True).email == "new@example.org"
    assert is_signed_in(here)
    assert not is_signed_in(there)


@pytest.mark.parametrize(
    "page",
    [
        *("home", "sessions_app:devices", "sessions_app:security_log", "sessions_app:tokens", "preferences:settings"),
        *("account_email", "account_change_password", "mfa_index", "admin:index"),
    ],
)
def test_every_page_of_somebody_signed_in_shows_the_way_out(page, db):
    client = sign_in(factories.user(name="olga", superuser=True))

    html = client.get(reverse(page)).content.decode()

    forms = [part.split("</form>")[0] for part in html.split("<form")[1:]]
    leaving = [f'action="{reverse(name)}"' for name in ("account_logout", "admin:logout")]
    assert any("Sign out" in form and any(way in form for way in leaving) for form in forms)


# --- V7.5: proof before sensitive acts ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("page", "fields"),
    [
        ("mfa_activate_totp", {"code": "123456"}),
        ("mfa_deactivate_totp", {}),
        ("mfa_generate_recovery_codes", {}),
        ("mfa_add_webauthn", {}),
    ],
)
def test_a_second_factor_changes_only_after_a_recent_proof(page, fields, alice):
    client = sign_in(alice, remember=True)
    if page != "mfa_activate_totp":
        TOTP.activate(alice, "JBSWY3DPEHPK3PXP")
    before = list(Authenticator.objects.values_list("pk", "type"))

    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        response = client.post(reverse(page), fields)

    assert response["Location"].split("?")[0] in (reverse("account_reauthenticate"), reverse("mfa_reauthenticate"))
    assert list(Authenticator.objects.values_list("pk", "type")) == before


@pytest.mark.parametrize("act", ["action_add", "action_send", "action_primary", "action_remove"])
def test_a_mail_address_changes_only_after_a_recent_proof(act, alice):
    client = sign_in(alice, remember=True)

    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        client.post(reverse("account_email"), {"email": "new@example.org", act: ""})

    assert list(EmailAddress.objects.filter(user=alice).values_list("email", "verified")) == [(alice.email, True)]
    assert not mail.outbox


def test_adding_a_mail_address_asks_for_that_proof(alice):
    client = sign_in(alice, remember=True)

    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        response = client.post(reverse("account_email"), {"email": "new@example.org", "action_add": ""})

    assert response["Location"].split("?")[0] == reverse("account_reauthenticate")


def test_a_password_changes_only_with_the_old_one(alice):
    client = sign_in(alice)

    response = client.post(
        reverse("account_change_password"),
        {"oldpassword": "a guess", "password1": "quite another one", "password2": "quite another one"},
    )

    alice.refresh_from_db()
    assert response.status_code == 200
    assert alice.check_password(factories.PASSWORD)


# --- V7.6.2: nobody is signed in without an act of theirs ---------------------------------------------------


def test_no_page_and_no_link_in_a_mail_signs_anybody_in(alice):
    client = browser()
    client.post(reverse("account_reset_password"), {"email": alice.email})
    link = next(word for word in mail.outbox[-1].body.split() if "/password/reset/key/" in word)

    for path in (
        "/",
        reverse("account_login"),
        reverse("account_signup"),
        "/" + link.partition("://")[2].split("/", 1)[1],
    ):
        client.get(path, follow=True)

    assert not Session.objects.filter(user=alice).exists()
    assert not is_signed_in(client)


def test_a_session_begins_by_an_act_that_its_row_remembers(alice):
    client = sign_in(alice)

    assert row_of(client).authenticated_by == "password"
    assert row_of(client).authenticated_at is not None
