"""The page that says what the API can do: written from the document, for strangers, without scripts."""

import re

import pytest
from django.test import Client

from config import openapi, reference
from config.api_docs import KINDS, document
from tests.api import trial
from tests.conventions.source import real_tree

pytestmark = pytest.mark.django_db


@pytest.fixture
def page():
    response = Client().get("/api/docs")
    assert response.status_code == 200
    return response.content.decode()


def test_each_operation_stands_there_with_its_command(page):
    for path, method, operation in openapi.operations(document()):
        assert f'id="{operation["operationId"]}"' in page
        assert operation["summary"] in page
        assert path in page
        assert f"X {method.upper()}" in page or method == "get"


def test_each_anchor_leads_somewhere(page):
    anchors = set(re.findall(r'href="#([\w-]+)"', page))
    places = set(re.findall(r'\bid="([\w-]+)"', page))

    assert len(anchors) > 10
    assert anchors <= places


def test_each_kind_of_refusal_has_its_place(page):
    used = set(re.findall(r"/api/docs#([\w-]+)", " ".join(each.text for each in real_tree() if each.is_ours)))

    assert used == set(KINDS)
    assert all(f'id="{each}"' in page for each in used)


def test_the_page_asks_the_database_nothing(django_assert_num_queries):
    with django_assert_num_queries(0):
        Client().get("/api/docs")


def test_a_value_is_said_in_words():
    assert reference.kind_of({"type": "integer", "minimum": 1, "maximum": 100}) == "whole number, 1 to 100"
    assert reference.kind_of({"enum": ["a", "b"], "type": "string"}) == "one of a, b"
    assert reference.kind_of({"anyOf": [{"type": "string", "maxLength": 8}, {"type": "null"}]}) == (
        "text, at most 8 characters, or null"
    )
    assert reference.kind_of({"type": "array", "items": {"enum": ["x"], "type": "string"}}) == "list: one of x"
    assert reference.kind_of({"enum": list("abcdefghijklmnop")}) == "one of 16 names such as a"


def test_an_operation_that_no_token_may_shows_no_token():
    shown = {each.name: each for section in reference.sections(document(), base="") for each in section.operations}

    assert "Bearer" not in shown["create_token"].curl
    assert said(shown["create_token"].who) == "signed in, no token"
    assert "Bearer" in shown["change_preferences"].curl
    assert said(shown["change_preferences"].who) == "scope write"


def test_a_stream_and_what_anybody_may_ask_are_shown_as_commands():
    document = trial.trial.get_openapi_schema(path_prefix="api/v1/")
    shown = {each.name: each for section in reference.sections(document, base="") for each in section.operations}

    assert "--data-binary @FILE" in shown["take_stream"].curl
    assert f"Content-Type: {trial.STREAM}" in shown["take_stream"].curl
    assert said(shown["show_abilities"].who) == "anybody"
    assert "Bearer" not in shown["show_abilities"].curl


def said(words):
    return "".join(each.text for each in words)
