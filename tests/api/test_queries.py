"""A query that an operation does not know is refused by name, and a list says where its next page is."""

import re
from urllib.parse import urlencode

import pytest
from django.test import Client

from config import openapi
from config.api_docs import document
from tests import factories
from tests.api.conftest import assert_problem, program, token_of
from tests.sessions_app.conftest import sign_in

pytestmark = pytest.mark.django_db(transaction=True)

OPERATIONS = openapi.operations(document())
# Those that stand alone, not below something else, and answer without being asked for anything in particular.
LISTS = [
    path.removeprefix("/api/v1")
    for path, _, operation in OPERATIONS
    if operation["operationId"].startswith("list_") and "{" not in path and path != "/api/v1/tagged"
]


@pytest.mark.parametrize(
    ("path", "method", "operation"), OPERATIONS, ids=[f"{method} {path}" for path, method, _ in OPERATIONS]
)
def test_a_parameter_that_nobody_asked_for_is_422_on_every_operation(alice, path, method, operation):
    media = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    asks = program(alice, "read", "write")

    for each in operation["parameters"]:
        path = path.replace(f"{{{each['name']}}}", str(each.get("example")))
    needed = {each["name"]: each["example"] for each in operation["parameters"] if _is_needed_query(each)}
    query = urlencode(needed | {"colour": "red"})
    response = asks.send(method.upper(), f"{path.removeprefix('/api/v1')}?{query}", media.get("example"))

    said = assert_problem(response, 422)
    assert said["errors"] == [
        {"in": "query", "pointer": "colour", "detail": "There is no such parameter: leave it out."}
    ]


def _is_needed_query(parameter):
    return parameter["in"] == "query" and parameter["required"]


def test_a_parameter_that_stands_twice_is_422(alice):
    said = assert_problem(program(alice).get("/tokens?limit=1&limit=2"), 422)

    assert said["errors"] == [{"in": "query", "pointer": "limit", "detail": "Name it once."}]


def test_a_token_in_the_query_lets_nobody_in(alice):
    plain = token_of(alice)[1]

    response = Client().get(f"/api/v1/me?access_token={plain}")

    assert_problem(response, 401)
    assert plain.encode() not in response.content


@pytest.mark.parametrize("name", ["%ED%A0%80", "a" * 3000, "%FF", "limit%5B%5D", "%0A"])
def test_a_name_that_is_no_name_is_422(alice, name):
    said = assert_problem(program(alice).get(f"/tokens?{name}=1"), 422)

    assert len(said["errors"][0]["pointer"]) <= 200


def test_a_refused_query_takes_no_key_and_has_no_effect(alice):
    browser = sign_in(alice)
    body = '{"name": "door", "scopes": ["read"]}'

    refused = browser.post("/api/v1/tokens?a=1", body, content_type="application/json")

    assert_problem(refused, 422)
    assert browser.get("/api/v1/tokens").json()["items"] == []


@pytest.mark.parametrize("path", LISTS)
def test_a_last_page_leads_nowhere(path):
    olga = factories.user(name="olga", staff=True, superuser=True)

    response = program(olga, "read", "write").get(path)

    assert response.status_code == 200
    assert "Link" not in response


def test_the_links_lead_through_all_of_a_list_once(alice):
    for number in range(4):
        factories.session(user=alice, token=f"{number}" * 43)
    asks = program(alice)
    seen, address = [], "/sessions?limit=3"

    while address:
        response = asks.get(address)
        seen += [each["id"] for each in response.json()["items"]]
        found = re.fullmatch(r'</api/v1(/sessions\?[^>]+)>; rel="next"', response.get("Link", ""))
        assert (found is None) is (response.json()["next"] is None)
        address = found[1] if found else None

    assert len(seen) == len(set(seen)) == 4
    assert seen == sorted(seen, reverse=True)


def test_a_link_stands_on_the_answer_to_head_as_well(alice):
    for number in range(3):
        factories.session(user=alice, token=f"{number}" * 43)
    asks = program(alice)

    assert asks.send("HEAD", "/sessions?limit=2")["Link"] == asks.get("/sessions?limit=2")["Link"]
