"""A double click and a browser's re-submit of a form do the thing once, with scripts and without."""

import re

import pytest
from django.conf import settings
from django.urls import reverse
from playwright.sync_api import expect

from idempotency.models import Record
from preferences.models import Preference
from sessions_app.models import ApiToken, SecurityEvent, Session, token_hash
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)

SCRIPTS = pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])


@pytest.fixture
def alice(db):
    return factories.user(name="alice")


def sign_in(page, user):
    page.goto("/accounts/login/")
    page.locator("input[name=login]").fill(user.email)
    page.locator("input[name=password]").fill(factories.PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).dblclick()
    expect(page).not_to_have_url(re.compile("/accounts/login"))


def opened(new_context, user, *, scripts):
    page = new_context(java_script_enabled=scripts).new_page()
    sign_in(page, user)
    return page


def make_token(page):
    page.goto(reverse("sessions_app:tokens"))
    page.locator("input[name=name]").fill("printer")
    page.locator("input[name=scopes]").first.check()


@SCRIPTS
def test_a_double_click_makes_one_token(new_context, alice, scripts):
    page = opened(new_context, alice, scripts=scripts)
    make_token(page)

    page.get_by_role("button", name="Make the token").dblclick()
    page.get_by_text("printer").first.wait_for()

    assert ApiToken.objects.count() == 1
    assert SecurityEvent.objects.filter(kind="token_created").count() == 1


@SCRIPTS
def test_a_double_click_revokes_once(new_context, alice, scripts):
    factories.api_token(user=alice)
    page = opened(new_context, alice, scripts=scripts)
    page.goto(reverse("sessions_app:tokens"))

    page.get_by_role("button", name="Revoke printer").dblclick()
    page.get_by_text("does not work any more").wait_for()

    assert SecurityEvent.objects.filter(kind="token_revoked").count() == 1
    assert page.get_by_text("does not work any more").count() == 1


@SCRIPTS
def test_a_double_click_saves_the_appearance_once(new_context, alice, scripts):
    page = opened(new_context, alice, scripts=scripts)
    page.goto(reverse("preferences:settings"))
    page.locator("main input[name=mode][value=dark]").check()

    page.get_by_role("button", name="Save").dblclick()
    page.locator("html[data-theme=dark]").wait_for(state="attached")

    assert Preference.objects.get(user=alice).version == 1


@SCRIPTS
def test_a_double_click_ends_the_other_sessions_once(new_context, alice, scripts):
    opened(new_context, alice, scripts=True)
    page = opened(new_context, alice, scripts=scripts)
    page.goto(reverse("sessions_app:devices"))
    before = SecurityEvent.objects.filter(kind="sessions_ended").count()

    page.locator(f"form[action='{reverse('sessions_app:other_devices_end')}'] button").dblclick()
    page.get_by_text("Signed out everywhere else").wait_for()

    assert SecurityEvent.objects.filter(kind="sessions_ended").count() == before + 1


@SCRIPTS
def test_a_double_click_signs_up_one_person_with_one_mail(new_context, mail_sink, scripts, db):
    page = new_context(java_script_enabled=scripts).new_page()
    page.goto("/accounts/signup/")
    page.locator("input[name=display_name]").fill("Ada Ames")
    page.locator("input[name=email]").fill("ada@example.org")
    page.locator("input[name=password1]").fill(factories.PASSWORD)

    page.get_by_role("button", name="Join", exact=True).dblclick()
    page.get_by_text("Look into your mail").first.wait_for()

    assert mail_sink.wait_for(to="ada@example.org")
    assert len(mail_sink.mails) == 1
    assert page.request.get("/accounts/login/").ok


@SCRIPTS
def test_a_double_click_signs_out(new_context, alice, scripts):
    page = opened(new_context, alice, scripts=scripts)
    page.goto("/accounts/logout/")
    cookies = {each["name"]: each["value"] for each in page.context.cookies()}
    # Without scripts the press that signed in may have come twice: another session whose cookie never arrived.
    mine = Session.objects.active().filter(token_hash=token_hash(cookies[settings.SESSION_COOKIE_NAME]))
    assert mine.exists()

    page.locator("main").get_by_role("button", name="Sign out").dblclick()
    expect(page).not_to_have_url(re.compile("/accounts/logout"))

    assert not mine.exists()


def test_a_double_click_with_scripts_opens_one_session(new_context, alice):
    opened(new_context, alice, scripts=True)

    assert Session.objects.active().filter(user=alice).count() == 1


def test_two_choices_in_the_theme_control_are_two(new_context, alice):
    page = opened(new_context, alice, scripts=True)
    page.goto("/")

    for mode in ("dark", "light"):
        page.locator("details:has(form[data-theme-form]) summary").click()
        page.locator(f"form[data-theme-form] button[value={mode}]").click()
        page.locator(f"html[data-theme={mode}]").wait_for(state="attached")

    assert Preference.objects.get(user=alice).version == 2


@SCRIPTS
def test_reloading_the_answer_sends_the_form_again_and_makes_no_second_token(new_context, alice, scripts):
    page = opened(new_context, alice, scripts=scripts)
    make_token(page)
    page.get_by_role("button", name="Make the token").click()
    page.locator("code").first.wait_for()

    page.reload()

    page.get_by_text("shown once already").wait_for()
    assert ApiToken.objects.count() == 1


def test_going_back_and_sending_the_same_again_makes_no_second_token_and_another_one_does(new_context, alice):
    page = opened(new_context, alice, scripts=True)
    make_token(page)
    key = page.locator("main form.form input[name=idempotency_key]").input_value()
    page.get_by_role("button", name="Make the token").click()
    page.locator("code").first.wait_for()
    assert Record.objects.filter(key=key).exists()

    page.goto(reverse("sessions_app:tokens"))
    make_token(page)
    page.locator("input[name=name]").fill("door")
    page.get_by_role("button", name="Make the token").click()
    page.get_by_text("door").first.wait_for()

    assert ApiToken.objects.count() == 2


def test_the_back_button_and_sending_the_form_once_more_do_it_once(new_context, alice):
    page = opened(new_context, alice, scripts=True)
    make_token(page)
    page.get_by_role("button", name="Make the token").click()
    page.locator("code").first.wait_for()

    page.go_back()
    assert page.locator("input[name=name]").input_value() == "printer"
    page.get_by_role("button", name="Make the token").click()

    page.get_by_text("shown once already").wait_for()
    assert ApiToken.objects.count() == 1
    assert SecurityEvent.objects.filter(kind="token_created").count() == 1


def test_the_back_button_and_other_words_ask_for_something_new(new_context, alice):
    page = opened(new_context, alice, scripts=True)
    make_token(page)
    page.get_by_role("button", name="Make the token").click()
    page.locator("code").first.wait_for()

    page.go_back()
    page.locator("input[name=name]").fill("door")
    page.get_by_role("button", name="Make the token").click()

    page.get_by_text("door").first.wait_for()
    assert set(ApiToken.objects.values_list("name", flat=True)) == {"printer", "door"}
