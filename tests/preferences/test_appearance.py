"""The appearance page and the small control for somebody who is not signed in."""

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from preferences import themes
from preferences.models import Preference
from preferences.themes import Theme
from tests.preferences.conftest import CHOICE, CONTROL, PAGE, html_of, theme_at

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_first_visit_follows_the_system():
    assert theme_at(Client()) == Theme("system", "paper", "ink", "system")


def test_a_first_visit_sets_no_cookie_so_that_it_can_be_cached():
    response = Client().get("/")

    assert not response.cookies
    assert "Cookie" in response["Vary"]
    assert "no-store" not in response.get("Cache-Control", "")


def test_an_anonymous_choice_is_kept_in_this_browser():
    client = Client()
    client.post(PAGE, CHOICE)

    assert theme_at(client) == Theme("dark", "paper", "dimmed", "reduced")
    assert theme_at(client, reverse("account_login")).mode == "dark"
    assert not Preference.objects.exists()


def test_the_control_sets_the_mode_and_goes_back_to_the_page():
    client = Client()

    response = client.post(CONTROL, {"mode": "dark", "next": "/accounts/login/?next=/x"})

    assert (response.status_code, response["Location"]) == (302, "/accounts/login/?next=/x")
    assert theme_at(client).mode == "dark"


def test_there_is_a_way_back_to_the_system():
    client = Client()
    client.post(CONTROL, {"mode": "dark"})
    client.post(CONTROL, {"mode": "system"})

    assert theme_at(client).mode == "system"


@pytest.mark.parametrize(
    "away", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "\\\\evil", "a" * 1999]
)
def test_the_control_leads_to_no_other_site(away):
    response = Client().post(CONTROL, {"mode": "dark", "next": away})

    assert response.status_code == 302
    assert "evil" not in response["Location"]
    assert not response["Location"].startswith("javascript")


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_the_control_takes_no_form_of_another_site(site):
    client = Client(headers={"sec-fetch-site": site})

    response = client.post(CONTROL, {"mode": "dark"})

    assert response.status_code == 403
    assert not response.cookies


@pytest.mark.parametrize("mode", ["", "sepia", "DARK", "dark\0", "x" * 10_000, "<b>"])
def test_an_unknown_mode_is_refused_with_those_that_exist(mode):
    response = Client().post(CONTROL, {"mode": mode})

    assert response.status_code == 400
    assert not response.cookies
    assert "sepia" not in response.content.decode()


@pytest.mark.parametrize(
    "cookie", ["", "sepia", "dark.paper.ink", "dark.paper.ink.system.x", "é.paper.ink.system.c", "9" * 9000]
)
def test_a_tampered_cookie_is_the_default(cookie):
    client = Client(headers={"cookie": f"{settings.THEME_COOKIE_NAME}={cookie}"})

    assert theme_at(client) == themes.DEFAULT


@pytest.mark.parametrize("path", ["/nowhere", "/admin/", PAGE])
def test_every_page_agrees_also_where_something_is_wrong(path):
    client = Client()
    client.post(CONTROL, {"mode": "dark"})

    assert html_of(client.get(path, follow=True)).count('data-theme="dark"') == 1


def test_the_page_for_a_garbled_request_agrees_too():
    client = Client()
    client.post(CONTROL, {"mode": "dark"})

    response = client.post(CONTROL, {"mode": "sepia"})

    assert response.status_code == 400
    assert 'data-theme="dark"' in html_of(response)
    assert "prefers-color-scheme: light" not in response.content.decode()
    assert "Cookie" in response["Vary"]


def test_the_page_for_a_request_that_no_address_can_mean_agrees_too():
    client = Client()
    client.post(CONTROL, {"mode": "dark"})

    response = client.get("/?x=%00")

    assert response.status_code == 400
    assert 'data-theme="dark"' in html_of(response)
    assert "Cookie" in response["Vary"]
