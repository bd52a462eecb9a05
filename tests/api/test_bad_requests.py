"""Nothing that a client sends makes the API fail; each refusal names what was wrong, and never repeats it."""

import json

import pytest
from django.db import connection
from django.test import Client

from sessions_app.models import ApiToken
from tests.api.conftest import Program, assert_problem, program
from tests.sessions_app.conftest import sign_in

pytestmark = pytest.mark.django_db(transaction=True)

NEW = {"name": "door", "scopes": ["read"], "expires_in_days": 30}


def make(browser, body, content_type="application/json"):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return browser.generic("POST", "/api/v1/tokens", raw, content_type=content_type)


@pytest.mark.parametrize(
    "raw",
    [b"{", b"{} x", b"NaN", b'{"a":1,"a":2}', b"[" * 5000, b'{"n":' + b"9" * 30 + b"}", b"\xff", b"[1e999]"],
    ids=lambda raw: raw[:12].decode("latin-1"),
)
def test_what_is_no_json_is_400(alice, raw):
    body = assert_problem(make(sign_in(alice), raw), 400)

    assert body["detail"] != "Cannot parse request body"
    assert not ApiToken.objects.exists()


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (NEW | {"name": "a\0b"}, "/name"),
        (NEW | {"name": "\ud800"}, "/name"),
        (NEW | {"name": " "}, "/name"),
        (NEW | {"name": "two\nlines"}, "/name"),
        (NEW | {"name": "x" * 81}, "/name"),
        (NEW | {"name": 5}, "/name"),
        (NEW | {"scopes": []}, "/scopes"),
        (NEW | {"scopes": ["admin"]}, "/scopes/0"),
        (NEW | {"expires_in_days": "30"}, "/expires_in_days"),
        (NEW | {"expires_in_days": True}, "/expires_in_days"),
        (NEW | {"expires_in_days": 366}, "/expires_in_days"),
        (NEW | {"colour": "red"}, "/colour"),
        ({"scopes": ["read"]}, "/name"),
        ([], ""),
        ("text", ""),
        (None, ""),
    ],
)
def test_what_cannot_be_taken_is_422_and_names_the_part(alice, body, pointer):
    said = assert_problem(make(sign_in(alice), body), 422)

    assert pointer in [each["pointer"] for each in said["errors"]]
    assert {each["in"] for each in said["errors"]} == {"body"}
    assert not ApiToken.objects.exists()


def test_a_secret_in_the_wrong_place_is_not_repeated(alice):
    response = make(sign_in(alice), NEW | {"expires_in_days": "gh_secret"})

    assert b"gh_secret" not in response.content


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""]
)
def test_another_content_type_is_415(alice, kind):
    assert_problem(make(sign_in(alice), NEW, content_type=kind), 415)


def test_a_form_that_was_read_for_its_token_is_415(alice):
    browser = Client(enforce_csrf_checks=True)
    browser.cookies = sign_in(alice).cookies
    browser.get("/account/tokens")
    token = browser.cookies["csrftoken"].value

    response = browser.post("/api/v1/tokens", {"csrfmiddlewaretoken": token, "name": "door"})

    assert_problem(response, 415)


def test_ten_megabytes_are_413(alice):
    assert_problem(make(sign_in(alice), NEW | {"name": "x" * 10_000_000}), 413)


def test_an_unknown_address_is_404(db):
    assert_problem(Client().get("/api/v1/nothing"), 404)
    assert_problem(Client().get("/api/v2/me"), 404)
    assert_problem(Client().post("/api/"), 404)
    assert_problem(Client().get("/api"), 404)
    assert_problem(Client().get("/api/v1/me/"), 404)


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE", "TRACE", "OPTIONS"])
def test_a_method_that_is_not_there_is_405_with_those_that_are(alice, method):
    response = program(alice).send(method, "/me")

    said = assert_problem(response, 405)
    assert response["Allow"] == "GET, HEAD"
    assert said["detail"] == "Here is only GET, HEAD."


def test_the_document_takes_no_posts(db):
    for path in ("/api/openapi.json", "/api/docs"):
        assert_problem(Client(enforce_csrf_checks=True).post(path), 405)


def test_a_page_of_the_api_without_the_token_of_its_form_is_a_problem(db):
    said = assert_problem(Client(enforce_csrf_checks=True).post("/api/idempotency"), 403)

    assert said["type"] == "/api/docs#csrf"


def test_a_body_without_a_length_is_411(alice):
    asks = program(alice, "write")

    refused = asks.send("PATCH", "/preferences", b"{}", headers={"transfer-encoding": "chunked", "content-length": ""})

    assert_problem(refused, 411)


@pytest.mark.parametrize("coding", ["gzip", "br", "identity, gzip"])
def test_a_packed_body_is_415_and_says_how_to_send_it(alice, coding):
    refused = program(alice, "write").send("PATCH", "/preferences", b"{}", headers={"content-encoding": coding})

    assert_problem(refused, 415)
    assert refused["Accept-Encoding"] == "identity"


@pytest.mark.parametrize("header", ["x-http-method-override", "x-method-override", "x-http-method"])
def test_a_method_in_a_header_counts_for_nothing(alice, header):
    asks = program(alice, "read", "write")

    assert_problem(asks.send("POST", "/tokens/1", headers={header: "DELETE"}), 405)
    assert asks.get("/tokens", headers={header: "POST"}).status_code == 200
    assert ApiToken.objects.active().count() == 1


@pytest.mark.parametrize("path", ["/sessions/%00", "/me?a=%00", "/sessions?cursor=%00"])
def test_a_zero_byte_in_an_address_is_400(alice, path):
    assert_problem(program(alice).get(path), 400)


@pytest.mark.parametrize("row", ["0", "1", "9223372036854775807", "9223372036854775808", "9" * 60, "-1", "x", "1.0"])
def test_an_id_that_nothing_has_is_404(alice, row):
    assert_problem(program(alice).get(f"/sessions/{row}"), 404)


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "limit=1.5", "cursor=x", "cursor=" + "x" * 501])
def test_a_page_that_cannot_be_is_422(alice, query):
    said = assert_problem(program(alice).get(f"/tokens?{query}"), 422)

    assert said["errors"][0]["in"] == "query"
    assert said["errors"][0]["pointer"] == query.partition("=")[0]


def test_a_host_that_is_not_ours_is_400(db):
    assert_problem(Client(headers={"host": "evil.example"}).get("/api/v1/me"), 400)


def test_a_fault_of_ours_is_500_without_its_reason(alice):
    """The table is gone for a moment, which is no fault of the client and no absence of Postgres."""
    browser = sign_in(alice)
    browser.raise_request_exception = False
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE sessions_app_apitoken RENAME TO elsewhere")
    try:
        response = browser.get("/api/v1/tokens")
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE elsewhere RENAME TO sessions_app_apitoken")

    assert_problem(response, 500)
    assert b"apitoken" not in response.content


def test_an_absent_postgres_is_503_and_says_when_to_come_back(alice, settings):
    asks = program(alice)
    asks.client.raise_request_exception = False
    held, connection.settings_dict["PORT"] = connection.settings_dict["PORT"], "1"
    host, connection.settings_dict["HOST"] = connection.settings_dict["HOST"], "127.0.0.1"
    connection.close()
    try:
        response = asks.get("/me")
    finally:
        connection.settings_dict |= {"PORT": held, "HOST": host}
        connection.close()

    assert_problem(response, 503)
    assert response["Retry-After"] == str(settings.RETRY_AFTER_SECONDS)


def test_a_stranger_learns_nothing_about_what_they_sent(db):
    assert_problem(Program().send("POST", "/tokens", b"{"), 401)
