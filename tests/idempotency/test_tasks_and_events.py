"""Tasks that are rung twice, and events that are sent twice."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from idempotency import claims
from idempotency.decorators import KeyReused, idempotent_task
from idempotency.models import Record
from idempotency.tasks import complete_idempotency, purge_idempotency
from tests.idempotency.hall import effects, leave_effect
from tests.races import Gate, held, race

pytestmark = pytest.mark.django_db(transaction=True)


@idempotent_task()
def close_month(month):
    leave_effect(note=month)


@idempotent_task(key=lambda month, attempt: f"month-{month}")
def close_month_by_key(month, attempt):
    leave_effect(note=month)


@idempotent_task()
def break_down(month):
    raise RuntimeError(month)


def test_a_task_that_is_rung_twice_works_once():
    for _ in "123":
        close_month("may")
    close_month("june")

    assert (effects("may"), effects("june")) == (1, 1)


def test_a_task_that_is_rung_many_times_at_once_works_once():
    found = race(*[lambda: close_month("may")] * 6)

    assert not [each for each in found if isinstance(each, Exception)]
    assert effects() == 1


def test_a_task_that_broke_before_an_effect_works_when_it_is_rung_again():
    for _ in "12":
        with pytest.raises(RuntimeError):
            break_down("may")

    assert not Record.objects.exists()


def test_a_late_task_cannot_commit_after_it_was_taken_over():
    with held(Gate(), lambda: close_month("may"), "INSERT", "sessions_app_securityevent") as late:
        Record.objects.update(lease_expires_at=timezone.now() - timedelta(seconds=1))
        close_month("may")

    assert isinstance(late[0], claims.LeaseLost)
    assert effects() == 1


def test_the_key_of_a_task_belongs_to_its_arguments():
    close_month_by_key("may", attempt=1)

    with pytest.raises(KeyReused):
        close_month_by_key("may", attempt=2)

    assert effects() == 1


def send(event_id, body="{}"):
    headers = {} if event_id is None else {"webhook-id": event_id}
    return Client().post("/event", body, content_type="application/json", headers=headers)


def test_an_event_that_is_sent_twice_has_one_effect_also_when_it_looks_otherwise():
    first, again = send("evt_1"), send("evt_1", '{"attempt": 2}')

    assert (again.status_code, again.content, again["Idempotent-Replayed"]) == (200, first.content, "true")
    assert effects() == 1


def test_another_event_has_its_own_effect():
    send("evt_1")
    send("evt_2")

    assert effects() == 2


def test_an_event_that_is_being_done_is_to_be_sent_again():
    with held(Gate(), lambda: send("evt_1"), "INSERT", "sessions_app_securityevent"):
        again = send("evt_1")

    assert (again.status_code, again["Retry-After"]) == (409, "1")


@pytest.mark.parametrize("event_id", [None, "", "a b", "x" * 256])
def test_an_event_without_a_usable_id_is_refused(event_id):
    response = send(event_id)

    assert (response.status_code, response["Content-Type"]) == (400, "application/problem+json")
    assert effects() == 0


def test_the_beats_tasks_settle_and_purge():
    close_month("may")
    Record.objects.update(
        completed_at=None, answer="", status=None, body=None, lease_expires_at=timezone.now() - timedelta(seconds=1)
    )

    complete_idempotency()
    assert Record.objects.get().answer == Record.Answer.LOST
    Record.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    purge_idempotency()

    assert not Record.objects.exists()
