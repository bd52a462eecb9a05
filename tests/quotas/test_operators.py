"""Commands and the admin: limits with reasons, bulk plans, drift, bills; safe to repeat."""

from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from quotas.models import Account, Drift, OperatorAct, Override, Plan, UsageDay, UsageEvent
from quotas.services import files, uploads
from tests import factories
from tests.quotas.conftest import account, must_balance, stored

pytestmark = pytest.mark.django_db(transaction=True)


def run(*arguments):
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue().strip()


@pytest.fixture
def operator(plans):
    browser = Client()
    browser.force_login(factories.user(name="olga", superuser=True))
    return browser


def test_drift_is_reported_kept_and_repaired(alice):
    stored(alice, 10)
    assert run("reconcile_quotas") == "drift=0 repaired=0"
    Account.objects.filter(user=alice, resource="storage").update(used=7)

    assert run("reconcile_quotas") == "drift=2 repaired=0"
    assert run("reconcile_quotas", "--repair") == "drift=2 repaired=2"

    assert Drift.objects.count() == 4
    assert account(alice).used == 10
    must_balance()


def test_bytes_that_no_row_knows_are_deleted_by_a_repair(alice, empty_storage):
    file = stored(alice, 10)
    folder = next(path for path in empty_storage.rglob("*") if path.is_file()).parent
    (folder / "stray").write_bytes(b"x")
    type(file.current.blob).objects.update(created_at=timezone.now() - timedelta(days=1))

    run("reconcile_quotas", "--repair")

    assert [path.name for path in folder.iterdir()] == ["0-1"]


def test_uploads_expire_by_command(alice):
    uploads.create_upload(user_id=alice.pk, name="a", length=10)
    later = timezone.now() + timedelta(days=2)
    with time_machine.travel(later):
        assert run("expire_uploads", "--dry-run") == "due=1 lapsed=1 doomed=0 expired=0"
        assert run("expire_uploads") == "expired=1 released=0 purged=1"
        assert run("expire_uploads", "--limit=1") == "expired=0 released=0 purged=0"
    must_balance()


@pytest.mark.parametrize(
    "arguments",
    [("expire_uploads", "--limit=0"), ("snapshot_usage", "--limit=-1"), ("snapshot_usage", "--bill=2026-13")],
)
def test_wrong_use_is_told(arguments, db):
    with pytest.raises(CommandError):
        run(*arguments)


def test_byte_hours_are_exact(alice):
    start = datetime(2026, 11, 1, tzinfo=UTC)
    with time_machine.travel(start, tick=False) as clock:
        file = stored(alice, 1000)
        clock.shift(timedelta(hours=10))
        files.delete_file(file_id=file.pk, user_id=alice.pk)
        clock.shift(timedelta(hours=5))
        stored(alice, 10)
        clock.shift(timedelta(hours=9, days=1))

        assert "alice@example.org,person,10330.000,10" in run("snapshot_usage", "--bill=2026-11")
        assert int(run("snapshot_usage").removeprefix("days=")) >= 4
        assert run("snapshot_usage") == "days=0"

    days = UsageDay.objects.filter(account=account(alice)).order_by("on").values_list("used", "unit_seconds")
    assert [(used, int(seconds)) for used, seconds in days] == [(10, 3600 * 10_090), (10, 86_400 * 10)]


def test_the_ledger_adds_up(alice):
    stored(alice, 10)
    stored(alice, 5, keep_old=False)

    changes = UsageEvent.objects.filter(account=account(alice)).order_by("pk").values_list("change", "used")

    assert list(changes) == [(10, 10), (-5, 5)]


# --- The admin --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "page", ["account", "grant", "usageevent", "drift", "operatoract", "storedfile", "upload", "plan", "subscription"]
)
def test_operators_see_lists_and_add_nothing(operator, alice, page):
    stored(alice, 10)

    assert operator.get(reverse(f"admin:quotas_{page}_changelist")).status_code == 200
    assert operator.get(reverse(f"admin:quotas_{page}_add")).status_code == 403


def test_other_limits_are_granted_with_a_reason_and_end(operator, alice):
    stored(alice, 10)
    address = reverse("admin:quotas_override_grant")
    given = {"email": "ALICE@example.org", "resource": "storage", "hard": "50", "reason": "a fair"}
    assert operator.post(address, given | {"reason": ""}).status_code == 422
    assert operator.post(address, given | {"soft": "51"}).status_code == 422
    assert operator.post(address, given | {"email": "nobody@example.org"}).status_code == 422

    assert operator.post(address, given).status_code == 302
    assert account(alice).hard == 50
    chosen = {"action": "end", "_selected_action": [Override.objects.get().pk]}
    operator.post(reverse("admin:quotas_override_changelist"), chosen)

    assert account(alice).hard == 5_000_000_000
    assert [act.why for act in OperatorAct.objects.order_by("pk")] == ["a fair", "ended in the list"]


def test_many_people_get_a_plan_at_once(operator, alice, mallory):
    given = {
        "plan": Plan.objects.get(slug="member").pk,
        "emails": "alice@example.org\nmallory@example.org\nnobody@example.org",
        "reason": "they pay",
    }

    page = operator.post(reverse("admin:quotas_subscription_plans"), given, follow=True)

    assert "2 changed, 1 skipped." in page.content.decode()
    stored(alice, 1)
    assert account(alice).hard == 10**11


def test_the_operations_page_shows_files(operator, alice):
    stored(alice, 10)

    assert "Files and quotas" in operator.get(reverse("admin:operations")).content.decode()
