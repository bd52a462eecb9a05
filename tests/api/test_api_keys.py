"""Operations of the JSON API are done once for an `Idempotency-Key`."""

import pytest
from django.utils import timezone

from idempotency.models import Record
from sessions_app.models import ApiToken
from tests.api.conftest import assert_problem, program

pytestmark = pytest.mark.django_db(transaction=True)

KEY = {"idempotency-key": '"8e03978e-40d5-43dd-bc93-6894a57f9324"'}


def test_preferences_are_changed_once(alice):
    asks = program(alice, "read", "write")
    etag = asks.get("/preferences")["ETag"]

    answers = [asks.send("PATCH", "/preferences", {"mode": "dark"}, headers=KEY | {"if-match": etag}) for _ in "12"]

    assert [each.status_code for each in answers] == [200, 200], answers[0].content
    assert answers[1]["Idempotent-Replayed"] == "true"


def test_a_key_that_was_used_or_is_malformed_is_a_problem(alice):
    asks = program(alice, "read", "write")
    held = {"if-match": asks.get("/preferences")["ETag"]}
    asks.send("PATCH", "/preferences", {"mode": "dark"}, headers=KEY | held)

    used = asks.send("PATCH", "/preferences", {"mode": "light"}, headers=KEY | held)
    malformed = asks.send("PATCH", "/preferences", {"mode": "light"}, headers=held | {"idempotency-key": "a b"})

    assert assert_problem(used, 422)["title"] == "Idempotency-Key is already used"
    assert assert_problem(malformed, 400)["title"] == "Idempotency-Key is malformed"


def test_a_revoked_token_gets_no_kept_answer(alice):
    asks = program(alice, "read", "write")
    held = KEY | {"if-match": asks.get("/preferences")["ETag"]}
    asks.send("PATCH", "/preferences", {"mode": "dark"}, headers=held)
    ApiToken.objects.update(revoked_at=timezone.now())

    assert asks.send("PATCH", "/preferences", {"mode": "dark"}, headers=held).status_code == 401


def test_what_is_refused_for_its_content_takes_no_key(alice):
    asks = program(alice, "read", "write")

    asks.send("PATCH", "/preferences", {"mode": "purple"}, headers=KEY)

    assert not Record.objects.exists()
