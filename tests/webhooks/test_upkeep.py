"""Weeks of partitions, constraints that hold, commands, and what operators see and do."""

import threading
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from lib import operations
from tests import factories, faults
from tests.webhooks.conftest import deliver, endpoint, in_a_thread, ping
from webhooks import partitions, services
from webhooks.models import Attempt, Delivery, Endpoint, Event, Intervention
from webhooks.receiving import Receiver as PublicReceiver
from webhooks.services import upkeep

pytestmark = pytest.mark.django_db(transaction=True)

URL = "https://hooks.example.org/"


def run(*arguments):
    out = StringIO()
    in_a_thread(lambda: call_command(*arguments, stdout=out))
    return out.getvalue().strip()


@pytest.fixture
def olga(db):
    return factories.user(name="olga", superuser=True)


# --- Partitions -------------------------------------------------------------------------------------------


def test_weeks_stand_ready_before_and_after_now_and_none_is_the_default():
    weeks = partitions.existing(connection)

    assert partitions.week_of(timezone.now()) in weeks
    assert weeks[-1].start > timezone.now() + timedelta(weeks=6)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_partitioned_table WHERE partdefid <> 0")
        assert cursor.fetchone() == (0,)


def test_making_them_again_makes_none():
    assert upkeep.ensure_partitions() == 0


def test_an_event_finds_its_place_also_when_nobody_made_the_week(alice):
    endpoint(alice, URL)
    with time_machine.travel(datetime(2031, 5, 7, 12, tzinfo=UTC)):
        event = ping(alice)

        assert Event.objects.since(timezone.now() - timedelta(minutes=1)).get() == event
    assert run("purge_webhooks", "--dry-run").startswith("made=0 weeks=")


def test_purging_drops_whole_weeks_and_says_what_was_never_sent(alice):
    endpoint(alice, URL)
    with time_machine.travel(timezone.now() - timedelta(days=45)):
        ping(alice)
    ping(alice)

    before = run("purge_webhooks", "--dry-run")
    after = run("purge_webhooks")
    again = run("purge_webhooks")

    assert "unsent=1" in before
    assert "unsent=1" in after
    assert "weeks=0 unsent=0" in again
    assert Event.objects.filter(type="thing.pinged").count() == Delivery.objects.count() == 1


def test_a_week_that_was_left_half_detached_is_finished(alice):
    with time_machine.travel(timezone.now() - timedelta(days=45)):
        upkeep.ensure_partitions()
        week = partitions.week_of(timezone.now())
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE webhooks_attempt DETACH PARTITION {week.table('webhooks_attempt')}")

    partitions.drop(connection, week)

    assert week not in partitions.existing(connection)
    assert week not in partitions.existing(connection, "webhooks_attempt")


# --- Constraints ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("webhook_concurrency_is_bounded", {"concurrency": 0}),
        ("webhook_concurrency_is_bounded", {"concurrency": 51}),
        ("webhook_rate_is_bounded", {"per_minute": 0}),
        ("webhook_rate_is_bounded", {"per_minute": 6001}),
        ("webhook_ladder_is_bounded", {"ladder": [0] * 16}),
        ("webhook_filters_are_bounded", {"filters": ["a.b"] * 51}),
        ("webhook_disabled_with_a_reason", {"state": "disabled", "state_because": ""}),
        ("webhook_url_is_http", {"url": "ftp://x"}),
    ],
)
def test_the_database_refuses_an_endpoint_that_cannot_be(alice, name, change):
    row = endpoint(alice, URL)

    with pytest.raises(IntegrityError, match=name):
        Endpoint.objects.filter(pk=row.pk).update(**change)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("webhook_delivery_finished_or_pending", {"state": "delivered"}),
        ("webhook_delivery_finished_or_pending", {"finished_at": datetime(2026, 1, 1, tzinfo=UTC)}),
        (
            "webhook_only_pending_is_in_flight",
            {
                "state": "dead",
                "finished_at": datetime(2026, 1, 1, tzinfo=UTC),
                "lease_expires_at": datetime(2026, 1, 1, tzinfo=UTC),
            },
        ),
    ],
)
def test_the_database_refuses_a_delivery_that_cannot_be(alice, name, change):
    endpoint(alice, URL)
    ping(alice)

    with pytest.raises(IntegrityError, match=name):
        Delivery.objects.update(**change)


def test_the_database_refuses_a_type_that_is_not_dotted_and_a_second_current_secret(alice):
    row = endpoint(alice, URL)
    event = ping(alice)

    with pytest.raises(IntegrityError, match="webhook_event_type_is_dotted"):
        Event.objects.filter(pk=event.pk).update(type="Thing")
    with pytest.raises(IntegrityError, match="webhook_secret_is_one_at_a_time"):
        row.secrets.create(scheme="v1", sealed="x")


# --- Commands ---------------------------------------------------------------------------------------------


def test_dead_letters_are_sent_again_from_the_command_line(alice, receiver):
    receiver.answers(500)
    endpoint(alice, receiver.url, ladder=[0])
    ping(alice)
    deliver()
    since = (timezone.now() - timedelta(hours=1)).isoformat()

    assert run("resend_webhooks", "--since", since, "--dry-run") == "dead=1 resent=0"
    assert run("resend_webhooks", "--since", since) == "resent=1"
    assert run("resend_webhooks", "--since", since) == "resent=0"


@pytest.mark.parametrize(
    "arguments",
    [
        ("resend_webhooks", "--since", "soon"),
        ("resend_webhooks", "--since", "0000-00-00T00:00"),
        ("resend_webhooks", "--since", "2026-11-24T00:00", "--endpoint", "99999999"),
        ("resend_webhooks", "--since", "2026-11-24T00:00", "--limit", "-1"),
        ("purge_webhooks", "--days", "0"),
        ("deliver_webhooks", "--at-once", "0"),
        ("receive_webhooks", "--status", "99"),
        ("receive_webhooks", "--port", "8161"),
    ],
)
def test_wrong_use_is_said_in_one_line(arguments):
    with pytest.raises(CommandError):
        run(*arguments)


def test_the_deliverer_says_what_it_did(alice, receiver):
    endpoint(alice, receiver.url)
    ping(alice)

    env = {"WEBHOOK_ALLOWED_ADDRESSES": "127.0.0.1:*"}
    with faults.process(["manage.py", "deliver_webhooks", "--until-idle"], env=env) as process:
        process.wait()
        said = process.output().splitlines()

    assert {"ready", "sent=1 succeeded=1 failed=0 superseded=0"} <= set(said)


def test_the_receiver_for_trying_out_believes_only_what_verifies(alice, settings):
    lines = []
    with PublicReceiver(0, secrets=[], status=204, say=lines.append) as there:
        threading.Thread(target=there.serve_forever, daemon=True).start()
        settings.WEBHOOK_ALLOWED_ADDRESSES = [f"127.0.0.1:{there.server_port}"]
        row = endpoint(alice, f"http://127.0.0.1:{there.server_port}/hook")
        ping(alice)
        deliver()
        there.secrets.extend(plain for _, plain in services.read_secrets(endpoint_id=row.pk))
        ping(alice)
        deliver()
        there.shutdown()

    assert sorted(Attempt.objects.values_list("status", flat=True)) == [204, 401]
    assert [line.split()[0] for line in lines] == ["401", "204"]


# --- Operators --------------------------------------------------------------------------------------------


def operator(user):
    browser = Client()
    browser.force_login(user)
    return browser


def act(browser, model, action, row):
    return browser.post(
        reverse(f"admin:webhooks_{model}_changelist"),
        {"action": action, "_selected_action": [str(row.pk)]},
        follow=True,
    )


def test_operators_see_all_of_it(olga, alice, receiver):
    endpoint(alice, receiver.url)
    ping(alice)
    deliver()
    browser = operator(olga)

    for model in ("endpoint", "delivery", "event", "attempt", "notice", "intervention"):
        assert browser.get(reverse(f"admin:webhooks_{model}_changelist")).status_code == 200
    for row in (Endpoint.objects.get(), Delivery.objects.get(), Event.objects.latest("pk"), Attempt.objects.get()):
        page = reverse(f"admin:webhooks_{row._meta.model_name}_change", args=[row.pk])
        assert browser.get(page).status_code == 200


def test_operators_pause_enable_resend_and_disable_and_it_is_written_down(olga, alice, receiver):
    receiver.answers(500)
    row = endpoint(alice, receiver.url, ladder=[0])
    ping(alice)
    deliver()
    browser = operator(olga)

    act(browser, "endpoint", "pause_chosen", row)
    act(browser, "endpoint", "enable_chosen", row)
    act(browser, "endpoint", "resend_chosen", row)
    act(browser, "delivery", "resend_chosen", Delivery.objects.get())
    browser.post(reverse("admin:webhooks_endpoint_disable", args=[row.pk]), {"reason": "it floods us"})

    row.refresh_from_db()
    assert (row.state, row.state_because) == ("disabled", "operator")
    assert Delivery.objects.get().state == Delivery.State.PENDING
    acts = list(Intervention.objects.order_by("pk").values_list("act", "note", "by"))
    assert acts == [
        ("paused", "", olga.pk),
        ("enabled", "", olga.pk),
        ("resent", "", olga.pk),
        ("resent a delivery", "", olga.pk),
        ("disabled", "it floods us", olga.pk),
    ]


def test_who_may_only_look_may_not_act(alice):
    bob = factories.user(name="bob", staff=True)
    bob.user_permissions.set(Permission.objects.filter(codename__in=["view_endpoint", "view_delivery"]))
    row = endpoint(alice, URL)
    browser = operator(bob)

    act(browser, "endpoint", "pause_chosen", row)
    answer = browser.post(reverse("admin:webhooks_endpoint_disable", args=[row.pk]), {"reason": "x"})

    row.refresh_from_db()
    assert answer.status_code == 403
    assert row.state == "enabled"


def test_the_operations_page_shows_what_is_late(alice):
    endpoint(alice, URL)
    ping(alice)
    Delivery.objects.update(next_attempt_at=timezone.now() - timedelta(minutes=10))

    (panel,) = [each for each in operations.read_all() if each.slug == "webhooks"]

    figures = {figure.label: figure for figure in panel.figures}
    assert figures["Due"].value == 1
    assert figures["Oldest due"].state == "failed"
    assert figures["Weeks made ahead"].state == "ok"
