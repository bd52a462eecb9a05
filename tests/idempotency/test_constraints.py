"""What Postgres refuses, whatever the code above it does."""

from datetime import timedelta

import pytest
from django.db import IntegrityError
from django.utils import timezone

from idempotency.models import Intervention, Record

pytestmark = pytest.mark.django_db


def record(**values):
    now = timezone.now()
    row = {
        "key": "one",
        "caller": "user:1",
        "method": "POST",
        "route": "acts",
        "fingerprint": b"\0" * 32,
        "lease_expires_at": now,
        "expires_at": now + timedelta(hours=1),
    }
    return Record.objects.create(**(row | values))


@pytest.mark.parametrize(
    ("constraint", "values"),
    [
        ("idempotency_key_belongs_to_its_caller", {}),
        ("idempotency_key_is_visible_ascii", {"key": ""}),
        ("idempotency_key_is_visible_ascii", {"key": "a b"}),
        ("idempotency_key_is_visible_ascii", {"key": "é"}),
        ("idempotency_answered_when_completed", {"key": "two", "answer": "lost"}),
        ("idempotency_answered_when_completed", {"key": "two", "completed_at": timezone.now()}),
        ("idempotency_kept_answer_has_a_status", {"key": "two", "completed_at": timezone.now(), "answer": "kept"}),
        (
            "idempotency_only_kept_answers_have_a_body",
            {"key": "two", "completed_at": timezone.now(), "answer": "withheld", "body": b"secret"},
        ),
        ("idempotency_fence_counts_from_one", {"key": "two", "fence": 0}),
        ("idempotency_given_up_is_an_unfinished_procedure", {"key": "two", "failed_at": timezone.now()}),
        (
            "idempotency_given_up_is_an_unfinished_procedure",
            {
                **{"key": "two", "procedure": "x", "failed_at": timezone.now()},
                **{"completed_at": timezone.now(), "answer": "lost"},
            },
        ),
    ],
)
def test_the_database_refuses(constraint, values):
    record()

    with pytest.raises(IntegrityError, match=constraint):
        record(**values)


@pytest.mark.parametrize("other", [{"caller": "user:2"}, {"method": "PATCH"}, {"route": "others"}, {"key": "two"}])
def test_the_scope_is_caller_method_route_and_key(other):
    record()

    assert record(**other).pk


def test_an_intervention_says_why():
    with pytest.raises(IntegrityError, match="idempotency_intervention_has_a_reason"):
        Intervention.objects.create(kind="finish", reason="", record_id=1, key="one", caller="task", route="x")
