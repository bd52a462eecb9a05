"""Who may ask the API, and what they are told when they may not."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from sessions_app import services
from sessions_app.models import ApiToken
from tests.api.conftest import Program, assert_problem, program, token_of
from tests.sessions_app.conftest import sign_in

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_token_answers_for_its_person(alice):
    row, plain = token_of(alice, "read")

    response = Program(plain).get("/me")

    assert response.status_code == 200
    assert response.json()["email"] == alice.email
    assert response.json()["token_id"] == row.pk
    assert response.json()["scopes"] == ["read"]


def test_nobody_is_told_how_to_say_who_they_are():
    response = Program().get("/me")

    assert_problem(response, 401)
    assert response["WWW-Authenticate"] == 'Bearer realm="Guildhall"'


@pytest.mark.parametrize("plain", ["", "gh_wrong", "gh_" + "a" * 43, "x" * 4000, "gh_\xff"])
def test_a_token_that_was_never_issued_is_refused(db, plain):
    response = Program(plain).get("/me")

    assert_problem(response, 401)
    assert response["WWW-Authenticate"] == 'Bearer realm="Guildhall", error="invalid_token"'


def test_another_way_of_signing_in_is_refused(db):
    response = Client(headers={"authorization": "Basic YWxpY2U6eA=="}).get("/api/v1/me")

    assert_problem(response, 401)


def test_the_token_of_a_closed_account_is_refused(alice):
    asks = program(alice)
    services.deactivate_user(user_id=alice.pk, by=None)

    assert_problem(asks.get("/me"), 401)


def test_an_expired_token_is_refused(alice):
    row, plain = token_of(alice)
    ApiToken.objects.filter(pk=row.pk).update(expires_at=timezone.now() - timedelta(seconds=1))

    assert_problem(Program(plain).get("/me"), 401)


def test_a_revoked_token_is_refused(alice):
    row, plain = token_of(alice)
    services.revoke_token(token_id=row.pk, by=alice)

    assert_problem(Program(plain).get("/me"), 401)


def test_a_token_that_may_only_read_changes_nothing(alice):
    response = program(alice, "read").send("PATCH", "/preferences", {"mode": "dark"})

    assert assert_problem(response, 403)["type"] == "/api/docs#insufficient-scope"
    assert response["WWW-Authenticate"] == 'Bearer realm="Guildhall", error="insufficient_scope", scope="write"'


def test_a_token_that_may_only_write_reads_nothing(alice):
    assert_problem(program(alice, "write").get("/me"), 403)


def test_a_session_answers_for_its_person(alice):
    response = sign_in(alice).get("/api/v1/me")

    assert response.json()["email"] == alice.email
    assert response.json()["token_id"] is None


def test_a_wrong_token_is_not_made_good_by_a_session(alice):
    browser = sign_in(alice)

    assert_problem(browser.get("/api/v1/me", headers={"authorization": "Bearer gh_wrong"}), 401)


def test_a_session_that_ended_is_refused(alice):
    browser = sign_in(alice)
    services.end_all_sessions(user_id=alice.pk, by=None, reason="operator")

    assert_problem(browser.get("/api/v1/me"), 401)


def test_another_site_cannot_act_through_a_session(alice):
    browser = Client(enforce_csrf_checks=True)
    browser.cookies = sign_in(alice).cookies

    refused = browser.patch("/api/v1/preferences", {"mode": "dark"}, content_type="application/json")

    assert assert_problem(refused, 403)["type"] == "/api/docs#csrf"


def test_a_page_acts_through_its_session_with_the_token_of_the_page(alice):
    browser = Client(enforce_csrf_checks=True)
    browser.cookies = sign_in(alice).cookies
    browser.get("/account/tokens")
    token = browser.cookies["csrftoken"].value

    response = browser.patch(
        "/api/v1/preferences",
        {"mode": "dark"},
        content_type="application/json",
        headers={"x-csrftoken": token, "if-match": "*"},
    )

    assert response.status_code == 200
    assert response.json()["mode"] == "dark"


def test_a_token_leaves_no_session_behind(alice):
    response = program(alice).get("/me")

    assert not response.cookies


@pytest.mark.parametrize("path", ["/me", "/sessions", "/tokens", "/preferences"])
def test_no_cache_keeps_what_a_person_reads(alice, path):
    assert "no-store" in program(alice).get(path)["Cache-Control"]


def test_a_use_is_noted_once_a_minute(alice, django_assert_num_queries):
    asks = program(alice)
    asks.get("/me")

    with django_assert_num_queries(1):
        asks.get("/me")
