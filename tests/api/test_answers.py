"""What belongs to each answer of the API: its state, its limit, its id."""

import pytest
from django.conf import settings
from django.test import Client
from django_redis import get_redis_connection

from deploy.local.ground import free_port
from lib.breaker import Breaker
from sessions_app import api_auth
from tests.api.conftest import Program, assert_problem, program, token_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("path", ["/me", "/sessions", "/tokens", "/preferences"])
def test_what_a_client_has_is_not_sent_again(alice, path):
    asks = program(alice)
    # The first use of a token is a change of the list of tokens.
    asks.get(path)
    etag = asks.get(path)["ETag"]

    again = asks.get(path, headers={"if-none-match": etag})

    assert again.status_code == 304
    assert again.content == b""
    assert again["ETag"] == etag
    assert again["RateLimit"]


def test_a_change_is_sent(alice):
    asks = program(alice)
    etag = asks.get("/me")["ETag"]
    type(alice).objects.filter(pk=alice.pk).update(display_name="Alicia")

    assert asks.get("/me", headers={"if-none-match": etag}).status_code == 200


def test_head_is_get_without_a_body(alice):
    asks = program(alice)
    whole = asks.get("/me")

    head = asks.send("HEAD", "/me")

    assert head.status_code == 200
    assert head.content == b""
    assert head["Content-Length"] == str(len(whole.content))
    assert head["ETag"] == whole["ETag"]


def test_an_answer_says_what_is_left(alice):
    response = program(alice).get("/me")
    quota, seconds = settings.API_LIMIT_PERSON

    assert response["RateLimit-Policy"] == f'"person";q={quota};w={seconds}'
    assert response["RateLimit"].startswith(f'"person";r={quota - 1};t=')


def test_too_many_requests_of_one_token_wait(alice, mallory, settings):
    settings.API_LIMIT_PERSON = (2, 3600)
    asks = program(alice)
    asks.get("/me")
    asks.get("/me")

    refused = asks.get("/me")

    assert_problem(refused, 429)
    assert 0 < int(refused["Retry-After"]) <= 1800
    assert program(mallory).get("/me").status_code == 200


def test_too_many_requests_from_one_address_wait_also_with_wrong_tokens(settings, db):
    settings.API_LIMIT_ADDRESS = (3, 3600)

    answers = [Program(f"gh_{number}").get("/me") for number in range(4)]

    assert [each.status_code for each in answers] == [401, 401, 401, 429]
    assert_problem(answers[3], 429)


def test_an_absent_redis_lets_everybody_in(alice, settings, monkeypatch):
    settings.API_LIMIT_PERSON = settings.API_LIMIT_ADDRESS = (1, 3600)
    settings.CACHES = {"default": settings.CACHES["default"] | {"LOCATION": f"redis://127.0.0.1:{free_port()}/0"}}
    # A breaker of its own: a later test must not find this one open.
    monkeypatch.setattr(api_auth, "_redis", Breaker(lambda: get_redis_connection("default"), event="limits_away"))
    _, plain = token_of(alice)

    answers = [Program(plain).get("/me") for _ in range(3)]

    assert [each.status_code for each in answers] == [200, 200, 200]
    assert "RateLimit" not in answers[0]


def test_no_other_site_may_read_an_answer(alice):
    response = program(alice).get("/me", headers={"origin": "https://evil.example"})

    assert not [name for name in response.headers if name.lower().startswith("access-control-")]


def test_the_document_is_openapi_3_1(db):
    document = Client().get("/api/openapi.json").json()

    assert document["openapi"].startswith("3.1")
    assert set(document["components"]["securitySchemes"]) == {"BearerToken", "SignedIn"}
