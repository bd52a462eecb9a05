"""No more passwords are tried than the limit allows, also by many at once."""

from datetime import timedelta

import pytest
import time_machine
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from sessions_app import services
from sessions_app.clients import Client
from sessions_app.models import SignInAttempt
from sessions_app.services.events import subject_hash
from tests.races import Gate, held, race

pytestmark = pytest.mark.django_db(transaction=True)

HERE = Client("192.0.2.7", "")


def attempt(name="alice", client=HERE):
    return services.begin_attempt(email=f"{name}@example.org", client=client)


def passed(results):
    assert all(isinstance(each, int | services.TooManyTries) for each in results), results
    return sum(isinstance(each, int) for each in results)


def test_of_twelve_tries_at_once_for_one_address_five_are_let_through():
    results = race(*[attempt] * 12)

    assert passed(results) == 5


def test_of_many_tries_at_once_from_one_place_the_limit_is_let_through(monkeypatch):
    monkeypatch.setattr("sessions_app.services.attempts.ATTEMPTS_PER_ADDRESS", 4)

    results = race(*[lambda number=number: attempt(f"person{number}") for number in range(12)])

    assert passed(results) == 4


def test_without_a_queue_two_at_once_would_pass_the_last_place():
    def count_then_write():
        # The same steps without the queue.
        with transaction.atomic(durable=True):
            rows = SignInAttempt.objects.filter(address=HERE.address)
            if len(rows.values_list("at")) < 1:
                SignInAttempt.objects.create(subject_hash=subject_hash(email="alice@example.org"), address=HERE.address)

    with held(Gate(), count_then_write, "SELECT", "sessions_app_signinattempt"):
        count_then_write()

    assert SignInAttempt.objects.count() == 2


@pytest.mark.parametrize(
    ("name", "client"), [("alice", Client("192.0.2.8", "")), ("mallory", HERE)], ids=["same subject", "same place"]
)
def test_a_try_waits_while_another_is_being_counted(name, client):
    def impatient():
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '100ms'")
        return attempt(name, client)

    with held(Gate(), attempt, "SELECT", "sessions_app_signinattempt"):
        (result,) = race(impatient)

    assert isinstance(result, OperationalError)


def test_tries_that_share_both_keys_are_queued_in_one_order():
    places = [Client(f"192.0.2.{number}", "") for number in range(1, 4)]

    results = race(*[lambda a=a, b=b: attempt(a, b) for a in ("alice", "mallory") for b in places] * 2)

    assert passed(results) == 5 + 5


def test_a_right_password_costs_no_try():
    for _ in range(8):
        services.forgive_attempt(attempt_id=attempt())

    assert not SignInAttempt.objects.exists()


def test_a_try_that_was_never_settled_counts_for_five_minutes():
    for _ in range(5):
        attempt()

    with pytest.raises(services.TooManyTries) as refusal:
        attempt()
    with time_machine.travel(timezone.now() + timedelta(minutes=5, seconds=1)):
        later = attempt()

    assert 0 < refusal.value.retry_after <= 300
    assert later


def test_tries_that_no_limit_counts_any_more_are_cleared():
    attempt()
    SignInAttempt.objects.update(at=timezone.now() - timedelta(minutes=6))
    recent = attempt()

    cleared = services.clear_attempts()

    assert cleared == 1
    assert list(SignInAttempt.objects.values_list("pk", flat=True)) == [recent]
