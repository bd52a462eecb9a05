"""The table of the IETF draft (draft-ietf-httpapi-idempotency-key-header-07): for JSON and for forms, POST and PATCH,
keys raw and quoted."""

import json
from urllib.parse import urlencode

import pytest
from django.urls import reverse

from idempotency.models import Record
from tests.idempotency.hall import effects
from tests.races import Gate, held

pytestmark = pytest.mark.django_db(transaction=True)

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
KINDS = [JSON, FORM]
METHODS = ["POST", "PATCH"]
SPELLINGS = {"raw": "{}", "quoted": '"{}"'}

each_way = pytest.mark.parametrize(
    ("method", "kind", "spelling"),
    [(method, kind, spelling) for method in METHODS for kind in KINDS for spelling in SPELLINGS],
)


def ask(browser, path, key=None, *, method="POST", kind=JSON, spelling="raw", body=None, **headers):
    content = body if body is not None else {"amount": 5, "to": "bob"}
    text = json.dumps(content) if kind == JSON else urlencode(content)
    if key is not None:
        headers["idempotency-key"] = SPELLINGS[spelling].format(key)
    return browser.generic(method, path, text, content_type=kind, headers=headers)


def is_problem(response, status, title):
    assert (response.status_code, response["Content-Type"]) == (status, "application/problem+json")
    assert response.json()["title"] == title
    assert response["Link"] == f'<{reverse("idempotency:policy")}>; rel="describedby"; type="text/html"'
    return True


@pytest.mark.parametrize("method", METHODS)
def test_a_missing_key_is_400_where_one_is_needed(at_alices, method):
    response = ask(at_alices, "/strict", method=method)

    assert is_problem(response, 400, "Idempotency-Key is missing")
    assert effects() == 0


def test_a_missing_key_is_fine_elsewhere(at_alices):
    assert [ask(at_alices, "/easy").status_code for _ in range(2)] == [201, 201]
    assert effects() == 2


@each_way
def test_a_retry_gets_the_first_answer(at_alices, key, method, kind, spelling):
    first = ask(at_alices, "/strict", key, method=method, kind=kind, spelling=spelling)
    again = ask(at_alices, "/strict", key, method=method, kind=kind, spelling=spelling)

    assert (again.status_code, again.content, again["Location"]) == (201, first.content, first["Location"])
    assert again["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first
    assert effects() == 1


def test_a_key_is_the_same_raw_and_quoted(at_alices, key):
    first = ask(at_alices, "/strict", key, spelling="raw")
    again = ask(at_alices, "/strict", key, spelling="quoted")

    assert again.content == first.content
    assert effects() == 1


@each_way
def test_another_payload_is_422(at_alices, key, method, kind, spelling):
    ask(at_alices, "/strict", key, method=method, kind=kind, spelling=spelling)

    response = ask(at_alices, "/strict", key, method=method, kind=kind, spelling=spelling, body={"amount": 6})

    assert is_problem(response, 422, "Idempotency-Key is already used")
    assert effects() == 1


@each_way
def test_a_retry_while_the_first_runs_is_409_and_another_payload_422(at_alices, key, method, kind, spelling):
    how = {"method": method, "kind": kind, "spelling": spelling}

    with held(Gate(), lambda: ask(at_alices, "/strict", key, **how), "INSERT", "sessions_app_securityevent") as first:
        same = ask(at_alices, "/strict", key, **how)
        other = ask(at_alices, "/strict", key, **how, body={"amount": 6})

    assert is_problem(same, 409, "A request is outstanding for this Idempotency-Key")
    assert same["Retry-After"] == "1"
    assert is_problem(other, 422, "Idempotency-Key is already used")
    assert first[0].status_code == 201
    assert effects() == 1


def test_a_retry_may_wait_for_the_first(at_alices, key):
    gate = Gate()

    with (
        held(gate, lambda: ask(at_alices, "/strict", key), "INSERT", "sessions_app_securityevent") as first,
        held(Gate(), lambda: ask(at_alices, "/strict", key, prefer="wait=20"), "idempotency_record") as second,
    ):
        gate.open()

    assert second[0].content == first[0].content
    assert (second[0]["Idempotent-Replayed"], second[0]["Preference-Applied"]) == ("true", "wait=20")
    assert effects() == 1


@pytest.mark.parametrize(
    "key",
    ["", '""', '"', '"a', "a b", "a\tb", "é", "x" * 256, '"a" b', '"\\a"', "a\x7f"],
)
def test_a_malformed_key_is_400(at_alices, key):
    response = at_alices.post("/strict", "{}", content_type=JSON, headers={"idempotency-key": key})

    assert is_problem(response, 400, "Idempotency-Key is malformed")
    assert effects() == 0


@pytest.mark.parametrize("key", ["x", "x" * 255, "!~", '"x";v=1', '"\\"\\\\"'])
def test_a_strange_key_is_a_key(at_alices, key):
    answers = [at_alices.post("/strict", "{}", content_type=JSON, headers={"idempotency-key": key}) for _ in "12"]

    assert [each.status_code for each in answers] == [201, 201]
    assert effects() == 1


def test_the_order_of_json_keys_and_form_fields_does_not_matter(at_alices, key):
    for body in ('{"a": 1, "b": {"c": 2, "d": 3}}', '{"b":{"d":3,"c":2},"a":1}'):
        at_alices.post("/easy", body, content_type=JSON, headers={"idempotency-key": key})
    for body in ("a=1&b=2", "b=2&a=1"):
        at_alices.post("/easy", body, content_type=FORM, headers={"idempotency-key": key + "2"})

    assert effects() == 2


def test_a_number_written_otherwise_is_another_payload(at_alices, key):
    for body in ('{"a": 0.1}', '{"a": 0.10000000000000000001}'):
        response = at_alices.post("/easy", body, content_type=JSON, headers={"idempotency-key": key})

    assert response.status_code == 422


@pytest.mark.parametrize("body", ["{", "[" * 100_000, "1" * 5000, "NaN", '"\\ud800"', "\x00"])
def test_a_body_that_is_hardly_json_is_compared_as_it_is(at_alices, key, body):
    answers = [at_alices.post("/easy", body, content_type=JSON, headers={"idempotency-key": key}) for _ in "12"]

    assert [each.status_code for each in answers] == [201, 201]
    assert effects() == 1


def test_another_path_of_the_same_route_is_another_payload(at_alices, key):
    ask(at_alices, "/easy/1", key)

    assert is_problem(ask(at_alices, "/easy/2", key), 422, "Idempotency-Key is already used")


def test_another_route_method_or_person_has_keys_of_its_own(at_alices, at_mallorys, key):
    asked = [
        ask(at_alices, "/easy", key),
        ask(at_alices, "/strict", key),
        ask(at_alices, "/easy", key, method="PATCH"),
        ask(at_mallorys, "/easy", key),
    ]

    assert all("Idempotent-Replayed" not in response for response in asked)
    assert effects() == 4
    assert Record.objects.filter(key=key).count() == 4


def test_reading_needs_no_key_and_ignores_one(at_alices, key):
    ask(at_alices, "/status/200", key, method="GET")

    assert not Record.objects.exists()
