"""A holder that outlives its lease (invariants 2 and 3), beside Django's own backend, where it has a second effect."""

from datetime import timedelta

import pytest
from django.db import connection, connections, transaction
from django.db.backends.postgresql.base import DatabaseWrapper as DjangosWrapper
from django.utils import timezone

from idempotency import claims, services
from idempotency.claims import Claim, LeaseLost
from idempotency.models import Record
from idempotency.services import Answer, Scope, upkeep
from sessions_app.models import SecurityEvent
from tests.idempotency.hall import effects, leave_effect
from tests.idempotency.test_table import ask
from tests.races import Gate, held, race

pytestmark = pytest.mark.django_db(transaction=True)

SCOPE = Scope(caller="task", method="TASK", route="tests", key="one")
PRINT = b"\0" * 32
KEPT = Answer(Record.Answer.KEPT, 200)


def claim(scope=SCOPE, **options):
    return services.claim(scope=scope, fingerprint=PRINT, **options)


def let_the_lease_run_out():
    Record.objects.update(lease_expires_at=timezone.now() - timedelta(seconds=1))


def test_a_slow_holder_cannot_commit_after_it_was_taken_over(at_alices, key):
    gate = Gate()

    with held(gate, lambda: ask(at_alices, "/strict", key), "INSERT", "sessions_app_securityevent") as slow:
        let_the_lease_run_out()
        fast = ask(at_alices, "/strict", key)

    assert fast.status_code == 201
    assert (slow[0].content, slow[0]["Idempotent-Replayed"]) == (fast.content, "true")
    assert effects() == 1
    assert Record.objects.get().fence == 2


def test_on_djangos_own_backend_the_slow_holder_has_a_second_effect(at_alices, key, monkeypatch):
    gate = Gate()
    monkeypatch.setattr(type(connections["default"]), "_commit", DjangosWrapper._commit)

    with held(gate, lambda: ask(at_alices, "/strict", key), "INSERT", "sessions_app_securityevent"):
        let_the_lease_run_out()
        ask(at_alices, "/strict", key)

    assert effects() == 2


def test_a_statement_that_commits_by_itself_is_fenced_too(at_alices, key):
    with held(Gate(), lambda: ask(at_alices, "/alone", key), "INSERT", "idempotency_record") as slow:
        let_the_lease_run_out()
        ask(at_alices, "/alone", key)

    assert slow[0]["Idempotent-Replayed"] == "true"
    assert effects() == 1


def test_a_lost_claim_rolls_back_the_whole_transaction():
    mine = claim()
    let_the_lease_run_out()
    assert isinstance(claim(), Claim)

    with pytest.raises(LeaseLost), claims.holding(mine):
        leave_effect(note="late")

    assert effects() == 0
    assert mine.lost
    # The connection is as good as new.
    leave_effect(note="next")
    assert effects() == 1


def test_the_effect_is_noted_with_the_rows_or_not_at_all():
    mine = claim()

    with claims.holding(mine), transaction.atomic(durable=True):
        SecurityEvent.objects.create(kind=SecurityEvent.Kind.SIGNED_IN, user=None, note="effect undone")
        transaction.set_rollback(True)

    assert Record.objects.get().effect_at is None
    with claims.holding(mine):
        leave_effect(note="done")
    assert Record.objects.get().effect_at is not None


def test_reading_is_no_effect():
    mine = claim()

    with claims.holding(mine), transaction.atomic(durable=True):
        effects()

    assert Record.objects.get().effect_at is None


def lock():
    SecurityEvent.objects.select_for_update(no_key=True).get(note="effect before")


def lock_and_change_nothing():
    lock()
    SecurityEvent.objects.filter(note="nowhere").update(note="effect")
    SecurityEvent.objects.filter(note="nowhere").delete()


@pytest.mark.parametrize("work", [lock, lock_and_change_nothing])
def test_a_transaction_that_locks_rows_and_changes_none_is_no_effect(work):
    leave_effect(note="before")
    mine = claim()

    with claims.holding(mine), transaction.atomic(durable=True):
        work()

    assert Record.objects.get().effect_at is None
    assert services.release(claim=mine)


def change_by_a_function():
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_temp.touch()")


def change_by_copy():
    with connection.cursor() as cursor, cursor.copy("COPY idempotency_intervention FROM STDIN"):
        pass


def change_some_and_miss_others():
    SecurityEvent.objects.update(note="effect after")
    SecurityEvent.objects.filter(note="nowhere").update(note="effect")


@pytest.mark.parametrize("work", [change_by_a_function, change_by_copy, change_some_and_miss_others])
def test_whatever_changes_a_row_is_an_effect_also_unseen(work):
    leave_effect(note="before")
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE OR REPLACE FUNCTION pg_temp.touch() RETURNS void LANGUAGE sql"
            " AS 'UPDATE sessions_app_securityevent SET note = note'"
        )

    with claims.holding(claim()), transaction.atomic(durable=True):
        lock()
        work()

    assert Record.objects.get().effect_at is not None


def test_what_was_rolled_back_does_not_make_the_next_lock_an_effect():
    leave_effect(note="before")

    with claims.holding(claim()):
        with transaction.atomic(durable=True):
            SecurityEvent.objects.update(note="effect undone")
            transaction.set_rollback(True)
        with transaction.atomic(durable=True):
            lock()

    assert Record.objects.get().effect_at is None


def test_nobody_takes_over_what_had_its_effect():
    with claims.holding(claim()):
        leave_effect(note="done")
    let_the_lease_run_out()

    found = claim()

    assert isinstance(found, Record)
    assert services.is_over(record=found)
    assert services.take_over(record=found) is None


def test_one_of_many_takes_abandoned_work_over():
    claim()
    let_the_lease_run_out()

    found = race(*[claim] * 8)

    assert sum(isinstance(each, Claim) for each in found) == 1
    assert not [each for each in found if isinstance(each, Exception)]


def test_a_claim_inside_a_transaction_leaves_that_transactions_durability_alone():
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = on")
        services.finish(claim=claim(), answer=KEPT)
        cursor.execute("SHOW synchronous_commit")

        assert cursor.fetchone() == ("on",)


def test_one_of_many_claims_a_new_key():
    found = race(*[claim] * 8)

    assert sum(isinstance(each, Claim) for each in found) == 1
    assert sum(isinstance(each, Record) for each in found) == 7


def test_an_expired_key_is_claimed_anew_by_one_of_many():
    services.finish(claim=claim(), answer=KEPT, retention=timedelta(seconds=-1))

    found = race(*[claim] * 8)

    assert sum(isinstance(each, Claim) for each in found) == 1


def test_a_late_holder_cannot_finish_release_or_renew():
    mine = claim()
    let_the_lease_run_out()
    theirs = claim()

    assert services.finish(claim=mine, answer=KEPT) is False
    assert services.release(claim=mine) is False
    with pytest.raises(LeaseLost):
        services.renew(claim=mine)
    assert services.finish(claim=theirs, answer=KEPT) is True


def test_a_key_that_was_expired_by_hand_cannot_be_committed_under(alice):
    mine = claim()
    upkeep.expire_by_hand(record_id=mine.record_id, by=alice, reason="a wrong amount")

    with pytest.raises(LeaseLost), claims.holding(mine):
        leave_effect(note="late")

    assert effects() == 0


def test_a_key_that_was_finished_by_hand_cannot_be_committed_under(alice):
    mine = claim()
    upkeep.finish_by_hand(record_id=mine.record_id, by=alice, reason="done at the desk")

    with pytest.raises(LeaseLost), claims.holding(mine):
        leave_effect(note="late")

    assert Record.objects.get().answer == Record.Answer.LOST


def test_nothing_is_committed_under_a_key_that_has_its_answer():
    mine = claim()
    services.finish(claim=mine, answer=KEPT)

    with pytest.raises(LeaseLost), claims.holding(mine):
        leave_effect(note="afterwards")

    assert effects() == 0


def test_the_sweep_releases_what_had_no_effect_and_finishes_what_had_one():
    claim(SCOPE)
    with claims.holding(claim(Scope("task", "TASK", "tests", "two"))):
        leave_effect(note="done")
    claim(Scope("task", "TASK", "tests", "three"))
    let_the_lease_run_out()
    claim(Scope("task", "TASK", "tests", "four"))

    assert upkeep.settle_abandoned(batch=1) == (1, 2)
    assert {row.key: row.answer for row in Record.objects.order_by("key")} == {"two": "lost", "four": ""}


def test_two_sweeps_at_once_do_no_harm():
    for number in range(6):
        with claims.holding(claim(Scope("task", "TASK", "tests", f"key-{number}"))):
            leave_effect(note="done")
    let_the_lease_run_out()

    found = race(*[lambda: upkeep.settle_abandoned(batch=2)] * 3)

    assert sum(finished for finished, _ in found) == 6
    assert set(Record.objects.values_list("fence", flat=True)) == {2}


def test_an_answer_that_was_lost_is_told_and_nothing_executes_again(at_alices, key):
    ask(at_alices, "/strict", key)
    Record.objects.update(completed_at=None, answer="", status=None, body=None)
    let_the_lease_run_out()

    again = ask(at_alices, "/strict", key)

    assert (again.status_code, again.json()["title"]) == (200, "Done already; its answer was lost")
    assert effects() == 1
