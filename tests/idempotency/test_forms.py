"""The same meanings for people: a hidden field, pages and messages."""

import re

import pytest
from django.conf import settings
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from idempotency.models import Record
from idempotency.requests import fingerprint_of
from idempotency.services import Scope
from sessions_app.models import ApiToken, User
from tests import factories
from tests.idempotency.hall import effects
from tests.races import Gate, held, race
from tests.sessions_app.conftest import sign_in

pytestmark = pytest.mark.django_db(transaction=True)


def send(browser, key, path="/form", **fields):
    return browser.post(path, {"amount": "5", "idempotency_key": key} | fields)


def key_on(browser, address):
    return re.search(r'name="idempotency_key" value="([^"]+)"', browser.get(address).content.decode())[1]


def test_a_double_click_is_one_effect_and_the_second_answer_is_the_first(at_alices, alice, key):
    def click():
        browser = Client()
        browser.force_login(alice)
        return send(browser, key)

    one, two = race(click, click)

    assert (one.status_code, one["Location"]) == (302, two["Location"])
    assert effects() == 1


def test_a_re_submit_says_what_the_first_said_and_says_it_once(at_alices, key):
    send(at_alices, key)
    again = send(at_alices, key)

    said = [str(message) for message in at_alices.get("/").context["messages"]]
    assert again["Idempotent-Replayed"] == "true"
    assert (len(said), said[0][:5]) == (1, "Done:")


def test_the_page_token_and_the_key_are_no_part_of_the_content(at_alices, key):
    send(at_alices, key, csrfmiddlewaretoken="a" * 64)
    again = send(at_alices, key, csrfmiddlewaretoken="b" * 64)

    assert (again.status_code, effects()) == (302, 1)


def test_a_form_with_other_content_is_a_page_with_422(at_alices, key):
    send(at_alices, key)

    response = send(at_alices, key, amount="6")

    assert response.status_code == 422
    assert "This form was sent before" in response.content.decode()
    assert effects() == 1


@pytest.mark.parametrize("key", ["", "a b", "x" * 256, "\u00e9"])
def test_a_malformed_key_of_a_form_is_a_page_with_400(at_alices, key):
    response = send(at_alices, key)

    assert (response.status_code, response["Content-Type"]) == (400, "text/html; charset=utf-8")
    assert "This form cannot be sent" in response.content.decode()
    assert effects() == 0


def test_a_form_whose_first_still_runs_is_a_page_with_409(at_alices, key):
    with held(Gate(), lambda: send(at_alices, key, "/hasty"), "INSERT", "sessions_app_securityevent"):
        response = send(at_alices, key, "/hasty")

    assert (response.status_code, response["Retry-After"]) == (409, "1")
    assert "Still at it" in response.content.decode()


def test_files_count_by_their_content(at_alices, key):
    def upload(content):
        return send(at_alices, key, photo=SimpleUploadedFile("a.png", content, "image/png"))

    answers = [upload(b"one"), upload(b"one"), upload(b"two")]

    assert [each.status_code for each in answers] == [302, 302, 422]
    assert effects() == 1


def test_the_answer_that_was_lost_is_told_on_the_page_that_the_form_was_on(at_alices, key):
    send(at_alices, key)
    Record.objects.update(answer=Record.Answer.LOST, body=None)

    again = at_alices.post(
        "/form", {"amount": "5", "idempotency_key": key}, headers={"referer": "http://testserver/account/devices"}
    )

    assert (again.status_code, again["Location"]) == (303, "/account/devices")
    assert "done already" in at_alices.get("/account/devices").content.decode()


@pytest.mark.parametrize("referer", ["https://evil.example/x", "//evil.example", "", "http://testserver/form"])
def test_a_lost_answer_leads_nowhere_else(at_alices, key, referer):
    send(at_alices, key)
    Record.objects.update(answer=Record.Answer.LOST, body=None)

    again = at_alices.post("/form", {"amount": "5", "idempotency_key": key}, headers={"referer": referer})

    assert again["Location"] == reverse("home")


# --- Who is asked -----------------------------------------------------------------------------------------


def test_two_browsers_without_a_person_never_share_an_answer(db, key):
    answers = []
    for secret in ("a" * 32, "b" * 32):
        browser = Client()
        browser.cookies[settings.CSRF_COOKIE_NAME] = secret
        answers += [send(browser, key), send(browser, key)]

    assert [each.get("Idempotent-Replayed") for each in answers] == [None, "true", None, "true"]
    assert effects() == 2


def test_a_stranger_without_a_mark_has_no_keys(db, key):
    answers = [send(Client(), key) for _ in "12"]

    assert [each.get("Idempotent-Replayed") for each in answers] == [None, None]
    assert not Record.objects.exists()


def test_a_key_of_alice_is_nothing_to_mallory(at_alices, at_mallorys, key):
    mine, theirs = send(at_alices, key), send(at_mallorys, key)

    assert mine["Location"] != theirs["Location"]


# --- The project's own forms ------------------------------------------------------------------------------


def test_each_showing_of_a_form_has_a_key_of_its_own(at_alices):
    assert key_on(at_alices, reverse("sessions_app:tokens")) != key_on(at_alices, reverse("sessions_app:tokens"))


def test_a_token_is_made_once_and_its_secret_is_not_kept(alice, key):
    browser = sign_in(alice)
    fields = {"name": "printer", "scopes": ["read"], "expires_in_days": "30", "idempotency_key": key}

    first = browser.post(reverse("sessions_app:token_create"), fields)
    again = browser.post(reverse("sessions_app:token_create"), fields, follow=True)

    plain = re.search(r"gh_[\w-]{43}", first.content.decode())[0]
    assert plain not in again.content.decode()
    assert "shown once already" in again.content.decode()
    assert plain.encode() not in str(Record.objects.values().get()).encode()
    assert ApiToken.objects.count() == 1


def test_a_re_authentication_on_the_way_is_not_kept_as_the_answer(alice, key):
    browser = Client()
    browser.force_login(alice)
    fields = {"name": "printer", "scopes": ["read"], "expires_in_days": "30", "idempotency_key": key}

    asked = browser.post(reverse("sessions_app:token_create"), fields)
    assert not Record.objects.exists()
    done = browser.post(asked["Location"], {"password": factories.PASSWORD})

    assert "gh_" in done.content.decode()
    assert ApiToken.objects.count() == 1
    assert Record.objects.get().route == "account/tokens/new"


def test_signing_up_twice_is_one_person_and_one_mail(db, key):
    browser = Client()
    browser.cookies[settings.CSRF_COOKIE_NAME] = "c" * 32
    fields = {"display_name": "Ada", "email": "ada@example.org", "password1": factories.PASSWORD}

    answers = [browser.post(reverse("account_signup"), fields | {"idempotency_key": key}) for _ in "12"]

    assert [each["Location"] for each in answers] == [reverse("account_email_verification_sent")] * 2
    assert (User.objects.count(), len(mail.outbox)) == (1, 1)


def test_a_mistake_in_a_form_of_allauth_can_be_mended_under_the_same_key(db, key):
    browser = Client()
    browser.cookies[settings.CSRF_COOKIE_NAME] = "c" * 32
    fields = {"display_name": "Ada", "email": "ada@example.org", "idempotency_key": key}

    wrong = browser.post(reverse("account_signup"), fields | {"password1": "short"})
    right = browser.post(reverse("account_signup"), fields | {"password1": factories.PASSWORD})

    assert (wrong.status_code, right.status_code) == (200, 302)


def test_signing_in_twice_is_in(alice, key):
    browser = Client()
    fields = {"login": alice.email, "password": factories.PASSWORD, "idempotency_key": key}

    answers = [browser.post(reverse("account_login"), fields) for _ in "12"]

    assert [each.status_code for each in answers] == [302, 302]
    assert browser.get(reverse("sessions_app:devices")).status_code == 200
    assert not Record.objects.exists()


def test_signing_out_twice_is_out(alice, key):
    browser = sign_in(alice)

    answers = [browser.post(reverse("account_logout"), {"idempotency_key": key}) for _ in "12"]

    assert [each.status_code for each in answers] == [302, 302]
    assert browser.get(reverse("sessions_app:devices")).status_code == 302


def test_a_theme_of_a_stranger_is_a_cookie_and_set_each_time(db, key):
    browser = Client()
    browser.cookies[settings.CSRF_COOKIE_NAME] = "c" * 32

    for _ in "12":
        response = browser.post(reverse("preferences:theme"), {"mode": "dark", "idempotency_key": key})
        assert settings.THEME_COOKIE_NAME in response.cookies


def test_a_device_is_ended_once(alice, key):
    browser, other = sign_in(alice), sign_in(alice)
    row = alice.sessions.exclude(token_hash=b"").order_by("pk").last()
    address = reverse("sessions_app:device_end", args=[row.pk])

    answers = [browser.post(address, {"idempotency_key": key}) for _ in "12"]

    assert [each.status_code for each in answers] == [302, 302]
    assert answers[1]["Idempotent-Replayed"] == "true"
    assert other.get(reverse("sessions_app:devices")).status_code == 302


def test_the_policy_is_published_to_everybody(client, db):
    page = client.get(reverse("idempotency:policy")).content.decode()

    assert reverse("idempotency:policy") == "/api/idempotency"
    for words in ("24 hours", "255", "Idempotency-Key is missing", 'id="outstanding"', 'id="lost"'):
        assert words in page
    assert client.post(reverse("idempotency:policy")).status_code == 405


def test_what_is_kept_of_a_form_says_nothing_of_its_passwords_without_our_key(rf, settings):
    request = rf.post("/form", {"password": "hunter2"})
    scope = Scope("user:1", "POST", "form", "k")
    kept = fingerprint_of(request, scope)

    settings.SECRET_KEY = "another" * 10

    assert len(kept) == 32
    assert fingerprint_of(request, scope) != kept
