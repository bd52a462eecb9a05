"""What Postgres refuses, whatever the code above it does, and what gets in where a constraint is taken out."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from idempotency.models import Intervention, Record
from tests.constraints import assert_refused, constraints_of, take_out

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


def intervention_without_reason():
    Intervention.objects.create(kind="finish", reason="", record_id=1, key="one", caller="task", route="x")


def bad_record(**values):
    return lambda: record(**values)


def bad_completed(**values):
    return lambda: record(completed_at=timezone.now(), **values)


def given_up_and_finished():
    record(procedure="x", failed_at=timezone.now(), completed_at=timezone.now(), answer="lost")


def twice():
    record()
    record()


BAD_ROWS = [
    ("idempotency_key_belongs_to_its_caller", twice),
    ("idempotency_key_is_visible_ascii", bad_record(key="")),
    ("idempotency_key_is_visible_ascii", bad_record(key="a b")),
    ("idempotency_key_is_visible_ascii", bad_record(key="é")),
    ("idempotency_answered_when_completed", bad_record(answer="lost")),
    ("idempotency_answered_when_completed", bad_completed()),
    ("idempotency_kept_answer_has_a_status", bad_completed(answer="kept")),
    ("idempotency_only_kept_answers_have_a_body", bad_completed(answer="withheld", body=b"secret")),
    ("idempotency_fence_counts_from_one", bad_record(fence=0)),
    ("idempotency_given_up_is_an_unfinished_procedure", lambda: record(failed_at=timezone.now())),
    ("idempotency_given_up_is_an_unfinished_procedure", given_up_and_finished),
    ("idempotency_intervention_has_a_reason", intervention_without_reason),
]
CONSTRAINTS = constraints_of("idempotency")


def test_every_constraint_has_a_row_that_it_refuses():
    assert {name for name, _ in BAD_ROWS} == CONSTRAINTS.keys()


@pytest.mark.parametrize(("name", "store"), BAD_ROWS)
def test_with_the_constraint_the_row_is_refused(name, store):
    assert_refused(name, store)


@pytest.mark.parametrize(("name", "store"), BAD_ROWS)
def test_without_the_constraint_the_row_gets_in(name, store):
    take_out(CONSTRAINTS[name])

    store()


@pytest.mark.parametrize("other", [{"caller": "user:2"}, {"method": "PATCH"}, {"route": "others"}, {"key": "two"}])
def test_the_scope_is_caller_method_route_and_key(other):
    record()

    assert record(**other).pk


def test_a_claim_of_the_release_before_finds_its_columns():
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO idempotency_record (key, caller, method, route, fingerprint, fence, lease_expires_at,"
            " procedure, recovery_point, state, created_at, expires_at, answer, headers, messages, timeline)"
            " VALUES ('one', 'task', 'TASK', 'x', '', 1, now(), '', 'started', '{}', now(), now(), '', '{}', '[]',"
            " '[]')"
        )

    assert Record.objects.get().attempts == 0
