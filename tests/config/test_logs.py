"""Each line of the log is one JSON object with the request's id, and no secret reaches it."""

import io
import json
import logging
import logging.config

import pytest
import structlog
from django.conf import settings
from django.test import Client

from config.logging import logging_config
from tests import factories


@pytest.fixture
def lines():
    """Return the lines that were written since, as JSON; logging is put back afterwards."""
    written = io.StringIO()
    logging.config.dictConfig(logging_config(format="json", level="INFO"))
    root = logging.getLogger()
    root.handlers[0].setStream(written)
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    logging.config.dictConfig(settings.LOGGING)
    root.setLevel(settings.LOGGING["root"]["level"])


@pytest.mark.django_db
def test_a_request_is_one_line_by_its_route_with_the_id_of_the_answer(lines):
    response = Client().get("/accounts/login/?next=/secret-place")

    (line,) = [line for line in lines() if line["event"] == "request"]
    assert line["request_id"] == response["X-Request-ID"]
    assert (line["route"], line["status"], line["method"]) == ("/accounts/login/", 200, "GET")
    assert "secret-place" not in json.dumps(line)


@pytest.mark.django_db
def test_the_key_of_a_reset_is_in_no_line(lines):
    Client().get("/accounts/password/reset/key/1-verysecretkey/")
    Client().get("/account/not-me/verysecretkey")

    assert lines()
    assert "verysecretkey" not in json.dumps(lines())


def test_a_well_formed_id_of_a_proxy_is_kept_and_another_is_not():
    kept = Client().get("/healthz", headers={"x-request-id": "proxy-id.12345"})
    changed = [Client().get("/healthz", headers={"x-request-id": sent}) for sent in ("short", "a b c d e f", "x" * 65)]

    assert kept["X-Request-ID"] == "proxy-id.12345"
    assert all(len(answer["X-Request-ID"]) == 32 for answer in changed)


@pytest.mark.parametrize(
    "text",
    [
        "cannot reach postgres://me:hunter2@host/name",
        "redis://:hunter2@host:6379",
        "Authorization: Bearer hunter2",
        "gh_hunter2hunter2",
        "GET /accounts/password/reset/key/hunter2/ failed",
        "/accounts/confirm-email/hunter2/",
        "?code=hunter2&x=1",
        "password=hunter2",
    ],
)
def test_a_secret_inside_a_message_is_blanked(text, lines):
    logging.getLogger("library").warning(text)
    structlog.get_logger("ours").warning("said", note=text)

    assert len(lines()) == 2
    assert "hunter2" not in json.dumps(lines())


@pytest.mark.parametrize("name", ["password", "new_password", "api_key", "apikey", "token", "Cookie", "authorization"])
def test_a_value_under_a_telling_name_is_blanked(name, lines):
    structlog.get_logger("ours").warning("said", **{name: "hunter2"})

    assert lines()[0][name] == "***"


def test_a_secret_in_a_traceback_is_blanked(lines):
    try:
        raise ValueError("postgres://me:hunter2@host/name")
    except ValueError:
        logging.getLogger("library").exception("it failed")

    (line,) = lines()
    assert "Traceback" in line["exception"]
    assert "hunter2" not in json.dumps(line)


def test_a_digest_may_be_read(lines):
    structlog.get_logger("ours").warning("said", token_hash="abc123")

    assert lines()[0]["token_hash"] == "abc123"


@pytest.mark.parametrize("text", ["\ud800", "a\0b", "two\nlines", "\x1b[31mred", "\u2028"])
def test_what_other_programs_refuse_does_not_break_a_line(text, lines):
    logging.getLogger("library").warning("said %s", text)
    structlog.get_logger("ours").warning("said", note=text)

    found = lines()
    assert len(found) == 2
    json.dumps(found, ensure_ascii=False).encode()
    assert not any("\0" in str(line) for line in found)


@pytest.mark.django_db
def test_a_password_that_was_typed_is_in_no_line(lines):
    alice = factories.user()

    Client().post("/accounts/login/", {"login": alice.email, "password": "hunter2hunter2"})

    assert lines()
    assert "hunter2hunter2" not in json.dumps(lines())
