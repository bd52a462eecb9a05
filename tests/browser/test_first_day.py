"""Story 1: a person's first day, through the real pages and a real mail server."""

import re

import pytest

from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


def link_in(mail):
    return re.search(r"https?://\S+", mail.get_body(("plain",)).get_content())[0]


def sign_in(page, email):
    page.goto("/accounts/login/")
    page.locator("input[name=login]").fill(email)
    page.locator("input[name=password]").fill(factories.PASSWORD)
    page.locator("form.login, main form").first.locator("button[type=submit], button:not([type])").first.click()
    page.wait_for_url(lambda url: "/accounts/login" not in url)


def test_first_day(new_context, mail_sink):
    first = new_context(color_scheme="light").new_page()
    first.goto("/accounts/signup/")
    first.locator("input[name=display_name]").fill("Ada Ames")
    first.locator("input[name=email]").fill("ada@example.org")
    first.locator("input[name=password1]").fill(factories.PASSWORD)
    first.locator("main form").first.locator("button").first.click()
    first.goto(link_in(mail_sink.wait_for(to="ada@example.org")))
    first.locator("main form").first.locator("button").first.click()
    first.wait_for_load_state()
    sign_in(first, "ada@example.org")

    first.locator("details:has(form[data-theme-form]) summary").click()
    first.locator("form[data-theme-form] button[value=dark]").click()
    first.locator("html[data-theme=dark]").wait_for(state="attached")

    second = new_context(color_scheme="light").new_page()
    sign_in(second, "ada@example.org")
    assert second.locator("html").get_attribute("data-theme") == "dark"
    assert "new device" in mail_sink.wait_for(to="ada@example.org", subject="new device")["Subject"]

    second.goto("/account/devices")
    second.locator("main li", has_not_text="this device").get_by_role("button", name="Sign out").click()
    second.wait_for_load_state()

    first.goto("/account/devices")
    assert "/accounts/login/" in first.url
