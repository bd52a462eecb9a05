"""Procedures that fail: tried ever more rarely, given up where operators see it, ended for good, never half done."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from idempotency import claims, phases, services
from idempotency.figures import collect
from idempotency.models import Intervention, Record
from idempotency.services import Answer, upkeep
from tests import factories
from tests.idempotency.conftest import signed_in
from tests.idempotency.hall import PAY, PROVIDER, effects, leave_effect
from tests.idempotency.provider import Provider
from tests.idempotency.test_phases import is_done_once, kill_at, let_it_rest, let_the_lease_run_out, start
from tests.idempotency.test_table import ask
from tests.races import race

pytestmark = pytest.mark.django_db(transaction=True)

SCOPE = services.Scope("task", "TASK", "tests", "one")


@pytest.fixture
def provider(monkeypatch):
    with Provider() as running:
        monkeypatch.setenv(PROVIDER, str(running.port))
        yield running


@pytest.fixture
def procedures(monkeypatch):
    """Procedures of one test are unknown to the next."""
    monkeypatch.setattr(phases, "_procedures", dict(phases._procedures))


def fails_always(provider):
    provider.faults = [("before", 503)] * 100
    with pytest.raises(ConnectionError):
        start()


def use_up_the_attempts():
    for _ in range(upkeep.ATTEMPTS_MAX):
        let_it_rest()
        phases.complete_abandoned()


def figures():
    return {figure.label: (figure.value, figure.state) for figure in collect()}


def test_what_failed_rests_longer_each_time(provider):
    fails_always(provider)
    rests = []
    for _ in range(4):
        let_it_rest()
        phases.complete_abandoned()
        rests.append(round((Record.objects.get().next_attempt_at - timezone.now()).total_seconds() / 60))

    assert rests == [1, 2, 4, 8]
    assert upkeep.rest_after(attempts=99) == timedelta(hours=1)
    assert phases.complete_abandoned() == (0, 0)
    assert figures()["Failed, to be tried again"] == (1, "wait")


def test_what_kills_its_worker_is_counted_and_rests_too(provider):
    kill_at("tests.idempotency.hall.charge:before")
    let_the_lease_run_out()

    services.take_over(record=Record.objects.get(), rest=timedelta(minutes=1))
    let_the_lease_run_out()

    assert phases.complete_abandoned() == (0, 0)
    assert Record.objects.get().attempts == 1


def test_when_its_attempts_are_used_up_it_is_given_up_where_operators_see_it(provider):
    fails_always(provider)

    use_up_the_attempts()
    let_it_rest()

    record = Record.objects.get()
    assert record.failed_at is not None
    assert [line[1] for line in record.timeline][-1] == "given up"
    assert phases.complete_abandoned() == (0, 0)
    assert figures()["Failed for good"] == (1, "failed")
    assert (figures()["Stuck"], figures()["Abandoned"]) == ((0, "ok"), (0, "ok"))
    assert upkeep.settle_abandoned() == (0, 0)


def test_two_sweeps_give_up_once(provider):
    fails_always(provider)
    Record.objects.update(attempts=upkeep.ATTEMPTS_MAX)

    found = race(*[upkeep.give_up] * 4)

    assert sum(found) == 1
    assert sum(line[1] == "given up" for line in Record.objects.get().timeline) == 1


def test_an_operator_lets_it_be_tried_again(provider):
    fails_always(provider)
    use_up_the_attempts()
    at_olgas = signed_in(factories.user(name="olga", superuser=True))
    address = reverse("admin:idempotency_record_intervene", args=[Record.objects.get().pk, "retry"])
    listed = at_olgas.get(reverse("admin:idempotency_record_changelist"), {"state": "failed"}).content.decode()
    provider.faults = []

    asked = at_olgas.get(address).content.decode()
    at_olgas.post(address, {"reason": "the provider is back"})

    assert "bill-7" in listed
    assert "reserved" in asked
    assert Intervention.objects.get().kind == "retry"
    assert Record.objects.get().attempts == 0
    assert phases.complete_abandoned() == (1, 0)
    assert is_done_once(provider)


def test_only_an_unfinished_procedure_is_tried_again(provider):
    alice = factories.user(name="alice")
    start()
    services.claim(scope=SCOPE, fingerprint=b"0" * 32)
    done, plain = Record.objects.order_by("pk")

    with pytest.raises(upkeep.AlreadyFinished):
        upkeep.retry_by_hand(record_id=done.pk, by=alice, reason="x")
    with pytest.raises(upkeep.NothingToRetry):
        upkeep.retry_by_hand(record_id=plain.pk, by=alice, reason="x")
    with pytest.raises(upkeep.NoSuchRecord):
        upkeep.retry_by_hand(record_id=0, by=alice, reason="x")

    assert not Intervention.objects.exists()


def test_the_client_can_try_again_what_was_given_up(provider):
    fails_always(provider)
    use_up_the_attempts()
    provider.faults = []

    start()

    assert Record.objects.get().failed_at is None
    assert is_done_once(provider)


def test_what_was_given_up_is_finished_by_hand(provider):
    alice = factories.user(name="alice")
    fails_always(provider)
    use_up_the_attempts()

    upkeep.finish_by_hand(record_id=Record.objects.get().pk, by=alice, reason="paid at the desk")

    assert (Record.objects.get().answer, Record.objects.get().failed_at) == (Record.Answer.LOST, None)


def test_a_sweep_without_time_leaves_the_rest_to_the_next(provider):
    fails_always(provider)

    assert phases.complete_abandoned(seconds=0) == (0, 0)
    assert phases.complete_abandoned() == (0, 1)


# --- Never half done --------------------------------------------------------------------------------------


def test_a_page_that_tells_a_failure_politely_does_not_end_the_procedure(provider, at_alices, key):
    provider.faults = [("after", 503)]

    first = ask(at_alices, "/pay-softly", key, body={"cents": 700})
    standing = Record.objects.get()
    again = ask(at_alices, "/pay-softly", key, body={"cents": 700})

    assert (first.status_code, standing.completed_at, standing.recovery_point) == (503, None, "reserved")
    assert (again.status_code, len(provider.charges)) == (201, 1)
    assert effects() == 2


def test_the_completer_ends_what_a_page_told_politely(provider, at_alices, key):
    provider.faults = [("after", 503)]
    ask(at_alices, "/pay-softly", key, body={"cents": 700})

    assert phases.complete_abandoned() == (1, 0)
    assert is_done_once(provider)


def test_a_declined_card_ends_it_for_good(provider, at_alices, key):
    provider.faults = [("before", 402)]

    first, again = (ask(at_alices, "/pay-softly", key, body={"cents": 700}) for _ in "12")

    assert (first.status_code, again.status_code, again["Idempotent-Replayed"]) == (402, 402, "true")
    assert again.content == first.content == b"The card was declined."
    assert sum(provider.calls.values()) == 1
    assert phases.complete_abandoned() == (0, 0)


def test_a_card_that_the_completer_finds_declined_ends_it_for_good(provider):
    fails_always(provider)
    provider.faults = [("before", 402)]

    assert phases.complete_abandoned() == (1, 0)
    assert (start().status, sum(provider.calls.values())) == (402, 2)


def test_one_key_runs_one_procedure(provider, procedures):
    other = phases.Procedure("tests.other", phases.inside("started", lambda state: None), answer=lambda state: None)
    claim = services.claim(scope=SCOPE, fingerprint=b"0" * 32)

    with claims.holding(claim):
        PAY.run(state={"cents": 700})

        with pytest.raises(phases.AnotherProcedure):
            other.run(state={})


def test_a_point_that_this_version_does_not_have_is_not_taken_for_the_end(provider):
    fails_always(provider)
    Record.objects.update(recovery_point="renamed")

    assert phases.complete_abandoned() == (0, 1)
    assert Record.objects.get().completed_at is None


def test_a_timeline_loses_no_line_to_whoever_takes_over(provider):
    claim = services.claim(scope=SCOPE, fingerprint=b"0" * 32, procedure="tests.pay", state={})
    let_the_lease_run_out()
    seen = Record.objects.get()
    with claims.holding(claim), transaction.atomic(durable=True):
        leave_effect.__wrapped__(note="meanwhile")

    services.take_over(record=seen)

    assert [line[1] for line in Record.objects.get().timeline] == ["claimed", "effect", "taken over"]


def test_an_answer_cannot_be_kept_while_it_stands_halfway():
    claim = services.claim(scope=SCOPE, fingerprint=b"0" * 32, procedure="tests.pay", state={})
    claim.halfway = True

    assert services.finish(claim=claim, answer=Answer(Record.Answer.KEPT, 200)) is False
    assert not Record.objects.filter(completed_at__isnull=False).exists()
