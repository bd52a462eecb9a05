"""OFREP: what public providers rely on, and what is refused in which shape."""

import json

import pytest
from django.test import Client
from openfeature import api
from openfeature.contrib.provider.ofrep import OFREPProvider
from openfeature.evaluation_context import EvaluationContext
from openfeature.flag_evaluation import ErrorCode, Reason

from featureflags import services
from sessions_app import services as sessions
from tests import factories
from tests.featureflags.conftest import condition, make

pytestmark = pytest.mark.django_db(transaction=True)
ALL = "/ofrep/v1/evaluate/flags"
ONE = f"{ALL}/new_home"


def token_of(user, *scopes):
    return sessions.create_token(user_id=user.pk, name="ofrep", scopes=list(scopes or ["read"]), expires_at=None)[1]


@pytest.fixture
def token(olga):
    return token_of(olga)


def ask(path, token, body=None, **headers):
    text = body if isinstance(body, str | bytes) else json.dumps(body if body is not None else {})
    sent = ({"authorization": f"Bearer {token}"} if token else {}) | headers
    return Client(enforce_csrf_checks=True).post(path, text, content_type="application/json", headers=sent)


def test_one_evaluation_has_everything_that_providers_read(token, live_flags):
    make(rules=[{"people": ["7"], "serve": "on"}])

    answer = ask(ONE, token, {"context": {"targetingKey": "7"}})

    assert answer.status_code == 200
    assert answer.json() == {
        "key": "new_home",
        "value": True,
        "variant": "on",
        "reason": "TARGETING_MATCH",
        "metadata": {"snapshot": 1, "rule": 0},
    }


def test_no_context_is_an_empty_one(token, live_flags):
    make()

    assert [ask(ONE, token, body).json()["value"] for body in ({}, "", {"context": None})] == [False] * 3


def test_reasons_are_openfeatures_own(token, live_flags):
    make("base")
    make(default="on", requires={"base": ["on"]})

    assert ask(ONE, token).json()["reason"] in Reason.__members__


def test_all_evaluations_come_with_a_tag(token, live_flags):
    make(rules=[{"people": ["7"], "serve": "on"}])
    make("other")

    first = ask(ALL, token, {"context": {"targetingKey": "7"}})
    again = ask(ALL, token, {"context": {"targetingKey": "7"}}, **{"if-none-match": first["ETag"]})
    another = ask(ALL, token, {"context": {"targetingKey": "8"}}, **{"if-none-match": first["ETag"]})
    services.kill_flag(key="new_home", why="it burns", by=None)
    changed = ask(ALL, token, {"context": {"targetingKey": "7"}}, **{"if-none-match": first["ETag"]})

    assert [each["key"] for each in first.json()["flags"]] == ["new_home", "other"]
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    assert [another.status_code, changed.status_code] == [200, 200]


def test_a_bad_sticky_value_is_told_within_the_list(token, live_flags):
    make(rules=[{"share": 50_000, "serve": "on", "sticky": "team"}])

    flags = ask(ALL, token, {"context": {"team": [1]}}).json()["flags"]

    assert (flags[0]["errorCode"], bool(flags[0]["errorDetails"])) == ("INVALID_CONTEXT", True)


@pytest.mark.parametrize("path", [ONE, ALL])
@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("{", "PARSE_ERROR"),
        ("[]", "PARSE_ERROR"),
        (b"\xff\xfe\xff", "PARSE_ERROR"),
        ("[" * 50_000, "PARSE_ERROR"),
        ("x" * 300_000, "PARSE_ERROR"),
        ({"context": []}, "INVALID_CONTEXT"),
        ({"context": {f"a{number}": 1 for number in range(10_000)}}, "INVALID_CONTEXT"),
        ({"context": {"targetingKey": 7}}, "INVALID_CONTEXT"),
        ('{"context": {"a": NaN}}', "INVALID_CONTEXT"),
    ],
    ids=range(9),
)
def test_bad_input_is_400_in_ofreps_shape(path, body, code, token, live_flags):
    make()

    answer = ask(path, token, body)

    assert (answer.status_code, answer.json()["errorCode"]) == (400, code)
    assert answer.json()["errorDetails"]


@pytest.mark.parametrize("key", ["\ud800", "7\0", "7" * 5000])
def test_odd_people_are_nobody(key, token, live_flags):
    make(rules=[{"share": 50_000, "serve": "on"}])

    assert ask(ONE, token, {"context": {"targetingKey": key}}).status_code in (200, 400)


@pytest.mark.parametrize("path", [ONE, ALL])
@pytest.mark.parametrize(("operator", "value"), [("at_least", 18), ("in", [18, "x"]), ("before", "2026-01-01")])
def test_a_number_that_no_float_holds_is_compared_like_any_other(path, operator, value, token, live_flags):
    make(rules=[{"conditions": [condition("age", operator, value)], "serve": "on"}])

    answer = ask(path, token, f'{{"context": {{"age": 1{"0" * 400}}}}}')

    assert answer.status_code == 200
    assert answer.json().get("value", answer.json().get("flags", [{}])[0].get("value")) is (operator == "at_least")


def test_an_unknown_flag_is_404(token, live_flags):
    answer = ask(f"{ALL}/gone", token)

    assert (answer.status_code, answer.json()["errorCode"]) == (404, "FLAG_NOT_FOUND")
    assert answer.json()["errorDetails"]
    assert answer.json()["key"] == "gone"


@pytest.mark.parametrize("path", [ONE, ALL])
@pytest.mark.parametrize("sent", ["", "gh_wrong", "gh_\x00", "nonsense"])
def test_without_a_token_it_is_401(path, sent, live_flags):
    answer = ask(path, sent)

    assert (answer.status_code, answer.json()["errorCode"]) == (401, "GENERAL")
    assert answer["WWW-Authenticate"].startswith("Bearer")


def test_a_session_is_no_token(olga, live_flags):
    browser = Client()
    browser.force_login(olga)

    assert browser.post(ALL, "{}", content_type="application/json").status_code == 401


def test_who_may_not_see_flags_gets_403(olga, live_flags):
    mallory = token_of(factories.user(name="mallory"))

    answers = [ask(ALL, each) for each in (mallory, token_of(olga, "write"))]

    assert [(each.status_code, each.json()["errorCode"]) for each in answers] == [(403, "GENERAL")] * 2


def test_too_many_requests_are_told_when_to_come_back(token, live_flags, settings):
    settings.FLAG_OFREP_PER_MINUTE = 2
    make()

    answers = [ask(ONE, token) for _ in range(3)]

    assert [each.status_code for each in answers] == [200, 200, 429]
    assert 0 < int(answers[2]["Retry-After"]) <= 61
    assert answers[2].json()["errorCode"] == "GENERAL"


def test_getting_is_405(token):
    assert Client().get(ALL).status_code == 405


# --- The public client, unchanged -------------------------------------------------------------------------


@pytest.fixture
def client(live_server, token, live_flags):
    """Return a client of OpenFeature's own Python SDK against the running project."""
    provider = OFREPProvider(live_server.url, headers_factory=lambda: {"Authorization": f"Bearer {token}"})
    api.set_provider(provider)
    yield api.get_client()
    api.clear_providers()


def test_the_public_client_resolves_every_type(client):
    make(default="on")
    make("layout", type="string", variants={"wide": "wide", "slim": "slim"}, off="slim", default="wide")
    make("size", type="number", variants={"a": 30, "b": 2.5}, off="a", default="a")
    make("ratio", type="number", variants={"a": 30, "b": 2.5}, off="a", default="b")
    make("limits", type="json", variants={"a": {"most": 3, "names": ["x"]}}, off="a", default="a")

    assert client.get_boolean_value("new_home", False) is True
    assert client.get_string_value("layout", "") == "wide"
    assert client.get_integer_value("size", 0) == 30
    assert client.get_float_value("ratio", 0.0) == 2.5
    assert client.get_object_value("limits", {}) == {"most": 3, "names": ["x"]}


def test_the_public_client_is_targeted(client):
    rules = [
        {"conditions": [condition("country", "equals", "PT")], "serve": "on"},
        {"share": 50_000, "serve": "on"},
    ]
    make(rules=rules)

    portugal = client.get_boolean_details("new_home", False, EvaluationContext("7", {"country": "PT"}))
    shares = {client.get_boolean_value("new_home", False, EvaluationContext(str(number))) for number in range(20)}

    assert (portugal.value, portugal.variant, portugal.reason) == (True, "on", Reason.TARGETING_MATCH)
    assert shares == {True, False}


def test_the_public_client_gets_a_killed_flag_as_disabled(client):
    make(default="on")
    services.kill_flag(key="new_home", why="it burns", by=None)

    found = client.get_boolean_details("new_home", True)

    assert (found.value, found.reason, found.error_code) == (False, Reason.DISABLED, None)


def test_the_public_client_is_told_what_is_wrong(client):
    make(rules=[{"share": 50_000, "serve": "on", "sticky": "team"}])

    gone = client.get_boolean_details("gone", True)
    wrong_type = client.get_string_details("new_home", "x")
    wrong_context = client.get_boolean_details("new_home", True, EvaluationContext("7", {"team": [1]}))

    assert (gone.value, gone.error_code) == (True, ErrorCode.FLAG_NOT_FOUND)
    assert (wrong_type.value, wrong_type.error_code) == ("x", ErrorCode.TYPE_MISMATCH)
    assert (wrong_context.value, wrong_context.error_code) == (True, ErrorCode.INVALID_CONTEXT)


def test_the_public_client_without_rights_gets_its_default(live_server, live_flags, db):
    make(default="on")
    api.set_provider(OFREPProvider(live_server.url, headers_factory=lambda: {"Authorization": "Bearer gh_wrong"}))

    found = api.get_client().get_boolean_details("new_home", False)

    api.clear_providers()
    assert (found.value, found.error_code) == (False, ErrorCode.GENERAL)
