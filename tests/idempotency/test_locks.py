"""What sweeps and operators lock: each other's rows are passed over, and of two operators one acts."""

import threading
from datetime import timedelta

import pytest
from django.utils import timezone

from idempotency import phases, services
from idempotency.claims import Claim, LeaseLost
from idempotency.models import Intervention, Record
from idempotency.services import Answer, upkeep
from idempotency.services.upkeep import AlreadyFinished
from tests.idempotency.test_fence import SCOPE, claim
from tests.races import Gate, held, race, until_somebody_waits

pytestmark = pytest.mark.django_db(transaction=True)


def two_records(**fields):
    """Return two finished records, changed into what a sweep looks for."""
    for key in ("one", "two"):
        scope = services.Scope(SCOPE.caller, SCOPE.method, SCOPE.route, key)
        services.finish(claim=claim(scope), answer=Answer(Record.Answer.KEPT, 200))
    Record.objects.update(**fields)
    return list(Record.objects.order_by("key"))


def abandoned(**fields):
    long_ago = timezone.now() - timedelta(hours=1)
    return {"completed_at": None, "answer": "", "status": None, "body": None, "lease_expires_at": long_ago} | fields


SWEEPS = {
    "purge_expired": (lambda: {"expires_at": timezone.now() - timedelta(days=1)}, upkeep.purge_expired, 1),
    "settle_abandoned": (abandoned, upkeep.settle_abandoned, (0, 1)),
    "give_up": (lambda: abandoned(procedure="x", attempts=upkeep.ATTEMPTS_MAX), upkeep.give_up, 1),
}


@pytest.mark.parametrize("name", SWEEPS)
def test_a_sweep_passes_over_the_key_that_an_operator_holds(alice, name):
    fields, sweep, expected = SWEEPS[name]
    first, _ = two_records(**fields())

    def expire():
        upkeep.expire_by_hand(record_id=first.pk, by=alice, reason="a test")

    with held(Gate(), expire, "SELECT", "idempotency_record", "FOR NO KEY UPDATE"):
        found = sweep()

    assert found == expected


def test_of_two_operators_at_once_one_finishes_a_key(alice):
    record_id = claim().record_id
    second = []

    def finish():
        return upkeep.finish_by_hand(record_id=record_id, by=alice, reason="a test")

    with held(Gate(), finish, "SELECT", "idempotency_record") as first:
        other = threading.Thread(target=lambda: second.extend(race(finish)))
        other.start()
        until_somebody_waits(lambda: second)
    other.join()

    assert [type(each) for each in first + second] == [Record, AlreadyFinished]
    assert Intervention.objects.count() == 1


def taken_over():
    """Return the claim of a late holder; somebody else has the key by now."""
    late = claim()
    Record.objects.update(lease_expires_at=timezone.now() - timedelta(seconds=1))
    assert isinstance(claim(), Claim)
    return late


def test_a_late_holder_lets_nothing_go_of_whoever_took_over():
    late = taken_over()
    record = Record.objects.get()
    # It was taken over between the holder's look and its update.
    Record.objects.update(procedure="x", recovery_point="charged", fence=late.fence)

    with held(Gate(), lambda: services.let_go(claim=late), "SELECT", "idempotency_record"):
        Record.objects.update(fence=record.fence)

    assert Record.objects.get().lease_expires_at == record.lease_expires_at


def test_a_late_holder_adopts_no_procedure():
    late = taken_over()

    with pytest.raises(LeaseLost):
        phases._adopt(late, "x", {})

    assert Record.objects.get().procedure == ""


def test_a_late_holder_moves_no_record_to_a_point():
    late = taken_over()

    with pytest.raises(LeaseLost):
        phases.advance(late, "charged", {})

    assert Record.objects.get().recovery_point == "started"


def test_a_second_procedure_does_not_take_the_record_of_the_first():
    mine = claim()
    phases._adopt(mine, "x", {})

    with pytest.raises(LeaseLost):
        phases._adopt(mine, "y", {})

    assert Record.objects.get().procedure == "x"


def test_purging_takes_no_key_from_whoever_uses_it_at_once():
    rounds = 40
    scopes = [services.Scope(SCOPE.caller, SCOPE.method, SCOPE.route, f"key-{number}") for number in range(rounds)]
    for scope in scopes:
        services.finish(claim=claim(scope), answer=Answer(Record.Answer.KEPT, 200), retention=timedelta(seconds=-1))

    def use():
        return [services.finish(claim=claim(scope), answer=Answer(Record.Answer.KEPT, 201)) for scope in scopes]

    def purge():
        return sum(upkeep.purge_expired(batch=3) for _ in range(rounds))

    used, *purged = race(use, purge, purge)

    assert used == [True] * rounds
    assert all(isinstance(count, int) for count in purged), purged
    assert Record.objects.filter(status=201).count() == rounds
