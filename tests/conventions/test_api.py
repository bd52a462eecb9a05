"""Every operation of the JSON API says what it needs, what it gives and what it refuses."""

import json
import re
from collections.abc import Iterator

import pytest
from django.test import Client

from config import openapi
from config.api import api
from config.api_docs import document
from tests.conventions.source import APPS, real_tree

# Operations that a stranger may ask, and why.
# What may stand in a place of an address that takes no number.
SAMPLES = {"delivery_id": "00000000-0000-4000-8000-000000000000"}
PUBLIC: dict[str, str] = {"show_upload_abilities": "a client of tus asks what works before it signs in"}
OPERATIONS = openapi.operations(document())
EVERY = pytest.mark.parametrize(
    ("path", "method", "operation"), OPERATIONS, ids=[f"{method} {path}" for path, method, _ in OPERATIONS]
)


def references(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        yield from ([node["$ref"]] if "$ref" in node else [])
        for inner in node.values():
            yield from references(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from references(inner)


@EVERY
def test_an_operation_names_what_it_refuses(path, method, operation):
    wanted = {"400", "401", "403", "429"} if operation["operationId"] not in PUBLIC else {"400", "429"}
    wanted |= {"404"} if "{" in path else set()
    wanted |= {"422"}
    wanted |= {"411", "413", "415"} if "requestBody" in operation else set()
    wanted |= {"409"} if any(each["name"] == "Idempotency-Key" for each in operation["parameters"]) else set()
    wanted |= {"412", "428"} if any(each["name"] == "If-Match" for each in operation["parameters"]) else set()

    assert wanted <= set(operation["responses"])


@EVERY
def test_an_operation_says_what_it_is(path, method, operation):
    assert operation["summary"]
    assert len(operation["description"]) > 20
    assert len(operation["tags"]) == 1
    assert operation["tags"][0] in openapi.TAGS
    assert re.fullmatch(r"[a-z]+(_[a-z]+)+", operation["operationId"])


@EVERY
def test_an_operation_has_examples(path, method, operation):
    contents = [operation.get("requestBody", {}).get("content", {})]
    contents += [response.get("content", {}) for response in operation["responses"].values()]

    for content in contents:
        # A stream has no schema, and nothing to show.
        for media in filter(None, content.values()):
            assert media["example"]
            assert not missing(media["example"])


def missing(example: object) -> bool:
    """Tell whether something in an example was left without a value of its own."""
    if isinstance(example, list):
        return not example or any(map(missing, example))
    return example in ({}, "")


@EVERY
def test_an_error_is_a_problem_and_nothing_else(path, method, operation):
    for status, response in operation["responses"].items():
        if status >= "400":
            assert set(response["content"]) == {"application/problem+json"}


@EVERY
def test_what_changes_something_takes_a_key_unless_it_reads_its_own_body(path, method, operation):
    keys = [each for each in operation["parameters"] if each["name"] == "Idempotency-Key"]
    streams = set(operation.get("requestBody", {}).get("content", {})) - {"application/json"}

    assert len(keys) == (1 if method not in {"get", "head", "options"} and not streams else 0)
    if keys:
        well = [response for status, response in operation["responses"].items() if status < "400"]
        assert all("Idempotent-Replayed" in response["headers"] for response in well)
        assert "Retry-After" in operation["responses"]["409"]["headers"]


@EVERY
def test_each_answer_names_its_headers(path, method, operation):
    for status, response in operation["responses"].items():
        assert {"X-Request-ID", "RateLimit", "RateLimit-Policy"} <= set(response["headers"])
        assert ("Retry-After" in response["headers"]) is (status in {"409", "429"})
        assert ("WWW-Authenticate" in response["headers"]) is (status == "401")


@EVERY
def test_an_example_of_a_refusal_is_about_this_operation(path, method, operation):
    def example(status):
        return operation["responses"][status]["content"]["application/problem+json"]["example"]

    part = example("422")["errors"][0]
    takes_json = "application/json" in operation.get("requestBody", {}).get("content", {})
    assert part["in"] == ("body" if takes_json else "query")
    assert ("not JSON" in example("400")["detail"]) is takes_json
    if operation.get("security") == [{"SignedIn": []}]:
        assert example("403")["type"] == "/api/docs#session-required"
    else:
        assert ("`read`" in example("403")["detail"]) is (method in {"get", "options"})
    if "409" in operation["responses"] and operation["operationId"] != "create_token":
        assert "50 tokens" not in example("409")["detail"]


@EVERY
def test_a_list_has_the_one_shape(path, method, operation):
    if not operation["operationId"].startswith("list_"):
        return
    schema = openapi.resolve(document(), operation["responses"]["200"]["content"]["application/json"]["schema"])

    assert set(schema["properties"]) == {"items", "next"}
    assert {"limit", "cursor"} <= {each["name"] for each in operation["parameters"]}
    assert "Link" in operation["responses"]["200"]["headers"]


@EVERY
def test_a_body_takes_no_unknown_fields(path, method, operation):
    for media in filter(None, operation.get("requestBody", {}).get("content", {}).values()):
        assert openapi.resolve(document(), media["schema"])["additionalProperties"] is False


@EVERY
@pytest.mark.django_db
def test_a_stranger_is_refused(path, method, operation):
    address = re.sub(r"{(\w+)}", lambda place: SAMPLES.get(place[1], "1"), path)

    response = Client().generic(method.upper(), address, b"{}", content_type="application/json")

    assert (response.status_code == 401) is (operation["operationId"] not in PUBLIC)


def test_every_operation_has_a_name_of_its_own():
    names = [operation["operationId"] for _, _, operation in OPERATIONS]

    assert len(names) > 5
    assert len(set(names)) == len(names)


def test_every_reference_leads_somewhere():
    schemas = document()["components"]["schemas"]

    assert {each.removeprefix("#/components/schemas/") for each in references(document())} <= set(schemas)


def test_every_router_of_an_app_is_there():
    routed = {each.parts[0] for each in real_tree() if each.is_python and each.app in APPS and each.role == "api"}
    asked = {
        operation.view_func.__module__.partition(".")[0]
        for _, router in api._routers
        for view in router.path_operations.values()
        for operation in view.operations
    }

    assert routed == asked


def test_the_document_is_plain_and_names_no_library():
    text = json.dumps(document())

    assert "pydantic" not in text.lower()
    assert "ninja" not in text.lower()


def test_no_two_operations_are_called_alike():
    summaries = [operation["summary"] for _, _, operation in OPERATIONS]

    assert len(summaries) == len(set(summaries))
