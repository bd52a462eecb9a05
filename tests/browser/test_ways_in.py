"""The ways in besides the password, in a real browser: passkey, second factor, codes, a new password or address."""

import re

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.urls import reverse

from tests import factories
from tests.browser.test_first_day import link_in, sign_in
from tests.sessions_app.test_asvs import code_of

pytestmark = pytest.mark.django_db(transaction=True)


def press(page):
    page.locator("main form").first.locator("button[type=submit], button:not([type])").first.click()


def is_in(page):
    page.goto(reverse("sessions_app:devices"))
    return "/accounts/login" not in page.url


def test_a_code_by_mail_lets_in(new_context, mail_sink):
    alice = factories.user()
    page = new_context().new_page()
    page.goto(reverse("account_request_login_code"))
    page.locator("main input[name=email]").fill(alice.email)
    press(page)
    page.locator("main input[name=code]").wait_for()
    letter = mail_sink.wait_for(to=alice.email).get_body(("plain",)).get_content()

    page.locator("main input[name=code]").fill(
        re.search(r"^\s*([A-Z0-9]{3,}-?[A-Z0-9]{3,})\s*$", letter, re.MULTILINE)[1]
    )
    press(page)
    page.wait_for_url(lambda url: "/login" not in url)

    assert is_in(page)


def test_a_forgotten_password_is_set_anew(new_context, mail_sink):
    alice = factories.user()
    page = new_context().new_page()
    page.goto(reverse("account_reset_password"))
    page.locator("main input[name=email]").fill(alice.email)
    press(page)
    page.wait_for_url("**" + reverse("account_reset_password_done"))

    page.goto(link_in(mail_sink.wait_for(to=alice.email)))
    page.locator("main input[name=password1]").fill("quite another one")
    if page.locator("main input[name=password2]").count():
        page.locator("main input[name=password2]").fill("quite another one")
    press(page)
    page.wait_for_url("**" + reverse("account_reset_password_from_key_done"))

    alice.refresh_from_db()
    assert alice.check_password("quite another one")


def test_a_new_mail_address_counts_when_its_letter_was_answered(new_context, mail_sink):
    alice = factories.user()
    page = new_context().new_page()
    sign_in(page, alice.email)
    page.goto(reverse("account_email"))
    page.locator("main input[name=email]:visible").fill("new@example.org")
    page.locator("main button[name=action_add]").click()
    letter = mail_sink.wait_for(to="new@example.org")

    page.goto(link_in(letter))
    press(page)
    page.wait_for_load_state()

    assert EmailAddress.objects.get(user=alice, primary=True).email == "new@example.org"


def test_a_second_factor_is_set_up_and_asked_for_and_a_recovery_code_stands_in_for_it(new_context):
    alice = factories.user()
    first = new_context().new_page()
    sign_in(first, alice.email)
    first.goto(reverse("mfa_activate_totp"))
    secret = re.search(r"\b[A-Z2-7]{32}\b", first.content())[0]
    first.locator("main input[name=code]").fill(code_of(secret))
    press(first)
    first.wait_for_url(lambda url: "activate" not in url)
    codes = Authenticator.objects.get(user=alice, type=Authenticator.Type.RECOVERY_CODES).wrap().get_unused_codes()

    second = new_context().new_page()
    second.goto(reverse("account_login"))
    second.locator("input[name=login]").fill(alice.email)
    second.locator("input[name=password]").fill(factories.PASSWORD)
    press(second)
    second.wait_for_url("**" + reverse("mfa_authenticate") + "*")
    second.locator("main input[name=code]").fill(codes[0])
    press(second)
    second.wait_for_url(lambda url: "authenticate" not in url)

    assert is_in(second)
    left = Authenticator.objects.get(user=alice, type=Authenticator.Type.RECOVERY_CODES).wrap().get_unused_codes()
    assert codes[0] not in left


def test_a_passkey_is_added_and_lets_in(new_context, hall, settings):
    alice = factories.user()
    context = new_context(base_url=hall.replace("127.0.0.1", "localhost"))
    page = context.new_page()
    tools = context.new_cdp_session(page)
    tools.send("WebAuthn.enable")
    tools.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    sign_in(page, alice.email)
    page.goto(reverse("mfa_add_webauthn"))
    page.locator("main input[name=name]").fill("laptop")
    if page.locator("main input[name=passwordless]").count():
        page.locator("main input[name=passwordless]").check()
    page.locator("#mfa_webauthn_add").click()
    page.wait_for_url(lambda url: "webauthn/add" not in url)
    page.context.clear_cookies()

    page.goto(reverse("account_login"))
    page.get_by_role("button", name=re.compile("passkey", re.IGNORECASE)).click()
    page.wait_for_url(lambda url: "/login" not in url)

    assert is_in(page)
