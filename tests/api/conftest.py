"""People, and programs that act for them."""

import json

import pytest
from django.test import Client

from sessions_app import services
from tests import factories


@pytest.fixture
def alice(db):
    return factories.user(name="alice")


@pytest.fixture
def mallory(db):
    return factories.user(name="mallory")


def token_of(user, *scopes):
    """Make a token; return the row and the token itself."""
    return services.create_token(user_id=user.pk, name="printer", scopes=list(scopes) or ["read"], expires_at=None)


class Program:
    """Something that talks to the API with a token, or with none."""

    def __init__(self, plain=None, **options):
        headers = {"authorization": f"Bearer {plain}"} if plain is not None else {}
        self.client = Client(headers=headers, **options)

    def get(self, path, **options):
        return self.client.get(f"/api/v1{path}", **options)

    def send(self, method, path, body=None, *, content_type="application/json", **options):
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        return self.client.generic(method, f"/api/v1{path}", raw, content_type=content_type, **options)


def program(user, *scopes):
    return Program(token_of(user, *scopes)[1])


def assert_problem(response, status):
    """Look at the shape that every refusal has; return its body."""
    assert response.status_code == status, response.content[:500]
    assert response["Content-Type"] == "application/problem+json"
    body = response.json()
    assert body["status"] == status
    assert body["title"]
    assert body["request_id"] == response["X-Request-ID"]
    assert "pydantic" not in response.content.decode()
    return body
