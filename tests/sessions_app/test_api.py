"""Sessions and tokens through the API: one's own, ended at once, and no more power than on the pages."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from sessions_app.models import ApiToken, SecurityEvent, Session
from tests import factories
from tests.api.conftest import Program, assert_problem, program, token_of
from tests.sessions_app.conftest import is_signed_in, row_of, sign_in

pytestmark = pytest.mark.django_db(transaction=True)

LATER = timedelta(minutes=6)


def test_a_person_sees_where_they_are_signed_in_newest_first(alice, mallory):
    first, second = sign_in(alice), sign_in(alice)
    sign_in(mallory)

    items = second.get("/api/v1/sessions").json()["items"]

    assert [each["id"] for each in items] == [row_of(second).pk, row_of(first).pk]
    assert [each["current"] for each in items] == [True, False]
    assert items[0]["label"] == "Firefox on Android"


def test_no_answer_holds_a_hash_or_an_address(alice):
    text = sign_in(alice).get("/api/v1/sessions").content.decode()

    assert "hash" not in text
    assert "127.0.0.1" not in text


def test_a_list_goes_on_where_it_ended(alice):
    for number in range(3):
        factories.session(user=alice, token=f"{number}" * 43)
    asks = program(alice)

    first = asks.get("/sessions?limit=2").json()
    second = asks.get("/sessions", data={"limit": 2, "cursor": first["next"]}).json()

    assert (len(first["items"]), len(second["items"]), second["next"]) == (2, 1, None)
    assert len({each["id"] for each in first["items"] + second["items"]}) == 3


@pytest.mark.parametrize("path", ["/sessions", "/tokens"])
def test_a_list_asks_twice_whatever_its_length(alice, path, django_assert_num_queries):
    asks = program(alice)
    asks.get("/me")
    for number in range(5):
        factories.session(user=alice, token=f"{number}" * 43)
        factories.api_token(user=alice, plain=f"gh_{number}")

    # The token with its person, then the list.
    with django_assert_num_queries(2):
        assert len(asks.get(path).json()["items"]) >= 5


def test_a_token_ends_a_session_of_its_person(alice):
    browser = sign_in(alice)
    row = row_of(browser)

    response = program(alice, "write").send("DELETE", f"/sessions/{row.pk}")

    assert (response.status_code, response.content) == (204, b"")
    assert not is_signed_in(browser)
    assert SecurityEvent.objects.filter(user=alice, kind="session_ended").exists()


def test_ending_it_again_changes_nothing(alice):
    row = row_of(sign_in(alice))
    asks = program(alice, "read", "write")
    asks.send("DELETE", f"/sessions/{row.pk}")
    ended = Session.objects.get(pk=row.pk).revoked_at

    response = asks.send("DELETE", f"/sessions/{row.pk}")

    assert response.status_code == 204
    assert Session.objects.get(pk=row.pk).revoked_at == ended
    assert_problem(asks.get(f"/sessions/{row.pk}"), 404)


def test_the_sessions_of_others_are_not_there(alice, mallory):
    browser = sign_in(alice)
    asks = program(mallory, "read", "write")

    assert_problem(asks.get(f"/sessions/{row_of(browser).pk}"), 404)
    assert_problem(asks.send("DELETE", f"/sessions/{row_of(browser).pk}"), 404)
    assert is_signed_in(browser)


def test_a_session_ends_itself(alice):
    browser = sign_in(alice)

    response = browser.delete(f"/api/v1/sessions/{row_of(browser).pk}")

    assert response.status_code == 204
    assert not is_signed_in(browser)


def test_a_session_that_signed_in_long_ago_has_to_prove_itself(alice):
    browser, other = sign_in(alice), sign_in(alice)

    with time_machine.travel(timezone.now() + LATER):
        ended = browser.delete(f"/api/v1/sessions/{row_of(other).pk}")
        made = browser.post("/api/v1/tokens", {"name": "x", "scopes": ["read"]}, content_type="application/json")

    assert assert_problem(ended, 403)["type"] == "/api/docs#reauthentication-required"
    assert assert_problem(made, 403)["type"] == "/api/docs#reauthentication-required"
    assert not ApiToken.objects.exists()


def test_somebody_who_just_signed_in_makes_a_token_that_works(alice):
    response = sign_in(alice).post(
        "/api/v1/tokens", {"name": "door", "scopes": ["read"], "expires_in_days": None}, content_type="application/json"
    )

    assert response.status_code == 201
    made = response.json()
    assert made["expires_at"] is None
    assert made["token"].startswith(made["hint"])
    assert Program(made["token"]).get("/me").json()["token_id"] == made["id"]
    assert made["token"] not in Program(made["token"]).get("/tokens").content.decode()


def test_a_token_makes_no_token(alice):
    response = program(alice, "read", "write").send("POST", "/tokens", {"name": "x", "scopes": ["read"]})

    assert assert_problem(response, 403)["type"] == "/api/docs#session-required"
    assert ApiToken.objects.count() == 1


def test_a_full_set_of_tokens_is_409(alice, monkeypatch):
    monkeypatch.setattr("sessions_app.services.tokens.TOKENS_MAX", 0)

    response = sign_in(alice).post("/api/v1/tokens", {"name": "x", "scopes": ["read"]}, content_type="application/json")

    assert "which is the most" in assert_problem(response, 409)["detail"]


def test_a_token_revokes_itself(alice):
    row, plain = token_of(alice, "write")
    asks = Program(plain)

    response = asks.send("DELETE", f"/tokens/{row.pk}")

    assert response.status_code == 204
    assert_problem(asks.send("DELETE", f"/tokens/{row.pk}"), 401)


def test_a_token_revokes_no_other(alice, mallory):
    own, _ = token_of(alice)
    foreign, _ = token_of(mallory)
    asks = program(alice, "write")

    assert_problem(asks.send("DELETE", f"/tokens/{own.pk}"), 403)
    assert_problem(asks.send("DELETE", f"/tokens/{foreign.pk}"), 404)
    assert ApiToken.objects.active().count() == 3


def test_somebody_who_just_signed_in_revokes_a_token(alice):
    row, plain = token_of(alice)

    assert sign_in(alice).delete(f"/api/v1/tokens/{row.pk}").status_code == 204
    assert_problem(Program(plain).get("/me"), 401)
