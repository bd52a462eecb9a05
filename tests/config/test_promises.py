"""What SECURITY.md says of every page, of passwords and of the log."""

import pytest
from django.test import Client

from config import settings as real
from config.logging import BLANK, blank_secrets


@pytest.mark.parametrize("path", ["/", "/accounts/login/", "/nowhere"])
def test_scripts_styles_and_connections_come_from_here_only_and_no_page_is_framed(path, db):
    response = Client().get(path)

    policy = dict(part.strip().partition(" ")[::2] for part in response["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert {policy[kind] for kind in ("script-src", "style-src", "connect-src", "form-action")} == {"'self'"}
    assert policy["frame-ancestors"] == "'none'"
    assert response["X-Frame-Options"] == "DENY"


def test_passwords_are_hashed_with_argon2():
    assert real.PASSWORD_HASHERS[0] == "django.contrib.auth.hashers.Argon2PasswordHasher"


@pytest.mark.parametrize("name", ["password", "new_secret", "api_key", "Cookie", "authorization"])
def test_a_value_under_a_telling_name_is_blanked(name):
    event = blank_secrets(None, "info", {"event": "request", name: "hunter2", "token_hash": "ab12"})

    assert event == {"event": "request", name: BLANK, "token_hash": "ab12"}
