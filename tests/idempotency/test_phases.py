"""Work that leaves the process: killed at every recovery point, and with a provider that fails in every way."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from idempotency import phases, services
from idempotency.claims import Claim, LeaseLost
from idempotency.models import Record
from idempotency.services import upkeep
from tests.faults.processes import Process, python
from tests.faults.servers import database_url
from tests.idempotency.hall import PAY, PROVIDER, effects, receipt
from tests.idempotency.provider import Provider
from tests.idempotency.test_table import ask
from tests.races import race

pytestmark = pytest.mark.django_db(transaction=True)

CHILD = """
import os
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.idempotency.web_settings"
import django
django.setup()
from tests.idempotency.hall import PAY
PAY.start(caller="procedure", key="bill-7", state={"cents": 700})
"""
# Every recovery point, and both sides of every commit and of the outside call.
POINTS = [
    "idempotency.services.claim:after",
    "tests.idempotency.hall.reserve:after",
    "tests.idempotency.hall.charge:before",
    "tests.idempotency.hall.charge:after",
    "tests.idempotency.hall.book:before",
    "tests.idempotency.hall.book:after",
    "tests.idempotency.hall.receipt:before",
    "idempotency.services.finish:before",
    "idempotency.services.finish:after",
]


@pytest.fixture
def provider(monkeypatch):
    with Provider() as running:
        monkeypatch.setenv(PROVIDER, str(running.port))
        yield running


def start(state=None):
    return PAY.start(caller="procedure", key="bill-7", state=state or {"cents": 700})


def let_the_lease_run_out():
    Record.objects.running().update(lease_expires_at=timezone.now() - timedelta(seconds=1))


def let_it_rest():
    Record.objects.running().update(next_attempt_at=timezone.now())


def is_done_once(provider):
    record = Record.objects.get()
    assert (record.recovery_point, record.status, bytes(record.body)) == (
        "finished",
        201,
        b'{"charge": 1, "cents": 700}',
    )
    assert len(provider.charges) == 1
    assert (effects("reserved"), effects("booked 1"), effects()) == (1, 1, 2)
    return True


def kill_at(point):
    with Process(python(["-c", CHILD], [point]), env={"DATABASE_URL": database_url()}) as child:
        standing = child.reached(point)
        child.kill()
        standing.connection.close()


def test_it_runs_from_end_to_end(provider):
    record = start()

    assert is_done_once(provider)
    assert [line[1] for line in record.timeline] == [
        *("claimed", "reserved", "effect", "charged", "done", "finished, answer kept"),
    ]


def test_it_runs_once_for_a_key(provider):
    first, again = start(), start()

    assert again.pk == first.pk
    assert is_done_once(provider)


@pytest.mark.parametrize("point", POINTS)
def test_killed_anywhere_the_retry_finishes_it_once(provider, point):
    kill_at(point)
    let_the_lease_run_out()

    start()

    assert is_done_once(provider)


@pytest.mark.parametrize("point", POINTS)
def test_killed_anywhere_the_completer_finishes_it_once(provider, point, capsys):
    kill_at(point)
    finished = Record.objects.filter(completed_at__isnull=False).count()
    let_the_lease_run_out()

    call_command("complete_idempotency")

    assert f"completed={1 - finished} failed=0" in capsys.readouterr().out
    assert is_done_once(provider)


def test_killed_in_the_middle_it_is_not_touched_before_its_lease_ends(provider):
    kill_at("tests.idempotency.hall.book:before")

    assert phases.complete_abandoned() == (0, 0)
    assert start().completed_at is None


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("fault", ["cut", 500, 429, 503])
def test_a_provider_that_fails_charges_once_in_the_end(provider, when, fault):
    provider.faults = [(when, fault), (when, fault)]

    with pytest.raises((ConnectionError, OSError)):
        start()
    assert phases.complete_abandoned() == (0, 1)
    let_it_rest()
    assert phases.complete_abandoned() == (1, 0)

    assert is_done_once(provider)
    assert list(provider.calls.values()) == [3]


def test_what_fails_before_its_first_commit_leaves_the_key_free(provider):
    def refuse(state):
        raise ValueError("not this one")

    picky = phases.Procedure("tests.picky", phases.inside("started", refuse), answer=receipt)

    with pytest.raises(ValueError, match="not this one"):
        picky.start(caller="procedure", key="bill-7", state={})

    assert not Record.objects.exists()


def test_another_amount_under_the_same_key_is_not_run(provider):
    start()

    found = start({"cents": 900})

    assert found.state["cents"] == 700
    assert is_done_once(provider)


def test_two_completers_at_once_charge_once(provider):
    kill_at("tests.idempotency.hall.charge:before")
    let_the_lease_run_out()

    race(*[phases.complete_abandoned] * 3)

    assert is_done_once(provider)


def test_a_late_worker_cannot_move_on(provider):
    scope = services.Scope("procedure", "RUN", "tests.pay", "bill-8")
    mine = services.claim(scope=scope, fingerprint=b"0" * 32, procedure="tests.pay", state={"cents": 700})
    let_the_lease_run_out()
    assert isinstance(services.take_over(record=Record.objects.get()), Claim)

    with pytest.raises(LeaseLost):
        PAY.resume(claim=mine)

    assert not provider.calls
    assert effects() == 0


def test_a_request_goes_on_where_a_killed_one_stopped(provider, at_alices, key):
    provider.faults = [("after", "cut")]

    first = ask(at_alices, "/pay", key, body={"cents": 700})
    second = ask(at_alices, "/pay", key, body={"cents": 700})
    third = ask(at_alices, "/pay", key, body={"cents": 700})

    assert (first.status_code, second.status_code) == (500, 201)
    assert (third.content, third["Idempotent-Replayed"]) == (second.content, "true")
    assert is_done_once(provider)


def test_a_procedure_that_this_version_does_not_have_waits_for_one_that_does(provider):
    scope = services.Scope("procedure", "RUN", "gone", "bill-9")
    services.claim(scope=scope, fingerprint=b"0" * 32, procedure="gone", state={})
    let_the_lease_run_out()

    assert phases.complete_abandoned() == (0, 1)
    assert upkeep.settle_abandoned() == (0, 0)
    assert Record.objects.running().count() == 1


@pytest.mark.parametrize(
    "points", [["begun"], ["started", "started"], ["started", "finished"], ["started", "done"], []]
)
def test_points_that_make_no_sense_are_refused(points):
    steps = [phases.inside(point, lambda state: None) for point in points]

    with pytest.raises(ValueError, match="steps begin at"):
        phases.Procedure("tests.senseless", *steps, answer=receipt)


def test_a_name_is_taken_once():
    with pytest.raises(ValueError, match="registered already"):
        phases.Procedure("tests.pay", phases.inside("started", lambda state: None), answer=receipt)


def test_an_outbound_key_is_the_rows_own():
    assert phases.outbound_key(7, "reserved") == phases.outbound_key(7, "reserved")
    assert len({phases.outbound_key(*each) for each in [(7, "a"), (8, "a"), (7, "b")]}) == 3
