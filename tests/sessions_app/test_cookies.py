"""What guards the cookies (ASVS 5.0, section V3.3): each has its prefix and its guards over https."""

import os
import subprocess
import sys

import pytest
from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage
from django.urls import reverse

from deploy.local.ground import BASE_DIR
from tests import factories
from tests.sessions_app.conftest import browser

pytestmark = pytest.mark.django_db(transaction=True)

KINDS = ("SESSION", "DEVICE", "CSRF", "THEME", "ZONE", "MESSAGES")
LONGEST = 4096


def names_and_guards(**environment):
    """Start a fresh process with the real settings; return what it says of its cookies."""
    code = (
        "from config import settings as s;"
        f"print(*[getattr(s, kind + '_COOKIE_NAME') for kind in {KINDS}],"
        "s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE)"
    )
    said = subprocess.run(
        [sys.executable, "-c", code],
        cwd=BASE_DIR,
        env={key: value for key, value in os.environ.items() if key != "HTTPS"} | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    *names, session_secure, csrf_secure = said.stdout.split()
    return names, {session_secure, csrf_secure}


@pytest.fixture
def cookies(alice, settings):
    """Every cookie that the hall sets while Alice chooses a theme, signs in over https and leaves something to say."""
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    client = browser()
    client.get(reverse("account_login"), secure=True)
    client.post(reverse("preferences:theme"), {"mode": "dark"}, secure=True)
    client.post(reverse("account_login"), {"login": alice.email, "password": factories.PASSWORD}, secure=True)
    return client.cookies


def test_over_https_every_name_has_the_host_prefix_and_every_cookie_is_secure():
    names, secure = names_and_guards(HTTPS="on")

    assert all(name.startswith("__Host-") for name in names)
    assert secure == {"True"}


def test_a_deployment_that_says_nothing_is_on_https():
    names, secure = names_and_guards()

    assert all(name.startswith("__Host-") for name in names)
    assert secure == {"True"}


def test_plain_http_has_no_prefix_that_a_browser_would_refuse():
    names, secure = names_and_guards(HTTPS="off")

    assert not any(name.startswith("__") for name in names)
    assert secure == {"False"}


def test_no_cookie_has_a_name_that_the_settings_do_not_know(cookies):
    known = {getattr(settings, f"{kind}_COOKIE_NAME") for kind in KINDS}

    assert set(cookies) == known - {settings.ZONE_COOKIE_NAME}


def test_each_cookie_is_for_this_host_and_not_for_scripts_or_other_sites(cookies):
    assert len(cookies) == 5
    for cookie in cookies.values():
        assert cookie["secure"]
        assert cookie["httponly"]
        assert cookie["samesite"] == "Lax"
        assert cookie["path"] == "/"
        assert not cookie["domain"]


def test_each_cookie_fits_into_what_browsers_keep(cookies):
    assert max(len(cookie.key) + len(cookie.value) for cookie in cookies.values()) <= LONGEST
    assert len(settings.MESSAGES_COOKIE_NAME) + CookieStorage.max_cookie_size <= LONGEST


def test_a_secret_is_in_no_page_and_no_answer_but_in_its_cookie(alice):
    client = browser()
    client.post(reverse("account_login"), {"login": alice.email, "password": factories.PASSWORD})

    pages = [client.get(reverse(page)) for page in ("home", "sessions_app:devices", "sessions_app:security_log")]

    for name in (settings.SESSION_COOKIE_NAME, settings.DEVICE_COOKIE_NAME):
        secret = client.cookies[name].value
        assert not [page for page in pages if secret in page.content.decode() or secret in str(page.headers)]
