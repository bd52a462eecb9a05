"""What operators and maintainers see and do: the admin, the commands, the Operations panel, the metrics."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone
from prometheus_client import REGISTRY

from idempotency.figures import collect
from idempotency.models import Intervention, Record
from tests import factories
from tests.idempotency.conftest import signed_in
from tests.idempotency.hall import effects
from tests.idempotency.test_table import ask

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def olga(db):
    return factories.user(name="olga", superuser=True)


@pytest.fixture
def at_olgas(olga):
    return signed_in(olga)


def address(name, *args):
    return reverse(f"admin:idempotency_record_{name}", args=args)


def abandon():
    Record.objects.update(
        completed_at=None,
        answer="",
        status=None,
        body=None,
        lease_expires_at=timezone.now() - timedelta(minutes=10),
    )


def test_an_operator_finds_a_key_its_timeline_and_its_answer(at_alices, at_olgas, key):
    first = ask(at_alices, "/strict", key)

    found = at_olgas.get(address("changelist"), {"q": key}).content.decode()
    page = at_olgas.get(address("change", Record.objects.get().pk)).content.decode()

    assert key in found
    for words in ("claimed", "effect", "finished, answer kept", f"{{&quot;id&quot;: {first.json()['id']}}}"):
        assert words in page


def test_a_key_is_finished_by_hand_with_a_reason(at_alices, at_olgas, olga, key):
    ask(at_alices, "/strict", key)
    abandon()
    record = Record.objects.get()

    asked = at_olgas.get(address("intervene", record.pk, "finish"))
    done = at_olgas.post(address("intervene", record.pk, "finish"), {"reason": "done at the desk"})

    assert (asked.status_code, done.status_code) == (200, 302)
    assert Record.objects.get().answer == Record.Answer.LOST
    row = Intervention.objects.get()
    assert (row.by, row.kind, row.key, row.reason) == (olga, "finish", key, "done at the desk")
    assert "done at the desk" in at_olgas.get(address("change", record.pk)).content.decode()


def test_a_key_is_expired_by_hand_and_the_request_executes_again(at_alices, at_olgas, key):
    ask(at_alices, "/strict", key)

    at_olgas.post(address("intervene", Record.objects.get().pk, "expire"), {"reason": "to be repeated"})
    again = ask(at_alices, "/strict", key)

    assert again.status_code == 201
    assert effects() == 2
    assert Intervention.objects.get().kind == "expire"


def test_no_reason_no_intervention(at_alices, at_olgas, key):
    ask(at_alices, "/strict", key)

    response = at_olgas.post(address("intervene", Record.objects.get().pk, "expire"), {"reason": ""})

    assert response.status_code == 200
    assert Record.objects.count() == 1


def test_what_is_finished_is_not_finished_again(at_alices, at_olgas, key):
    ask(at_alices, "/strict", key)

    page = at_olgas.post(
        address("intervene", Record.objects.get().pk, "finish"), {"reason": "x"}, follow=True
    ).content.decode()

    assert "finished already" in page
    assert not Intervention.objects.exists()


@pytest.mark.parametrize(("record_id", "kind"), [(1, "finish"), (0, "destroy")])
def test_what_is_not_there_is_a_404(at_alices, at_olgas, key, record_id, kind):
    ask(at_alices, "/strict", key)
    pk = Record.objects.get().pk + record_id

    assert at_olgas.get(address("intervene", pk, kind)).status_code == 404


def test_an_operator_without_the_right_may_look_and_not_intervene(at_alices, key):
    clerk = factories.user(name="clerk", staff=True)
    clerk.user_permissions.add(Permission.objects.get(codename="view_record", content_type__app_label="idempotency"))
    ask(at_alices, "/strict", key)
    at_clerks = signed_in(clerk)
    pk = Record.objects.get().pk

    assert "Expire by hand" not in at_clerks.get(address("change", pk)).content.decode()
    assert at_clerks.post(address("intervene", pk, "expire"), {"reason": "x"}).status_code == 403
    assert Record.objects.count() == 1


def test_a_member_sees_nothing_of_it(at_alices):
    assert at_alices.get(address("changelist")).status_code in (302, 403)


def test_a_list_of_keys_makes_a_constant_number_of_queries(at_alices, at_olgas, django_assert_max_num_queries):
    for number in range(20):
        ask(at_alices, "/strict", f"key-{number}")
    at_olgas.get(address("changelist"))

    with django_assert_max_num_queries(8):
        at_olgas.get(address("changelist"))


def test_an_admin_form_that_is_sent_twice_adds_one_row(at_olgas, key):
    fields = {
        "email": "new@example.org",
        "display_name": "New",
        "usable_password": "true",
        "password1": factories.PASSWORD,
        "password2": factories.PASSWORD,
        "idempotency_key": key,
    }

    answers = [at_olgas.post(reverse("admin:sessions_app_user_add"), fields) for _ in "12"]

    assert [each.status_code for each in answers] == [302, 302]
    assert answers[1]["Location"] == answers[0]["Location"]


@pytest.mark.parametrize("name", ["sessions_app_user_add", "sessions_app_user_changelist"])
def test_the_forms_of_the_admin_carry_a_key(at_olgas, name):
    page = at_olgas.get(reverse(f"admin:{name}")).content.decode()
    main = page[page.index('id="content"') :]

    assert 'name="idempotency_key"' in main


# --- Commands ---------------------------------------------------------------------------------------------


def test_the_commands_say_what_they_would_do_and_do_it(at_alices, key, capsys):
    ask(at_alices, "/strict", key)
    abandon()

    call_command("complete_idempotency", dry_run=True)
    call_command("complete_idempotency")
    Record.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    call_command("purge_idempotency", dry_run=True)
    call_command("purge_idempotency", limit=5)

    assert capsys.readouterr().out.splitlines() == [
        "abandoned=1 finished=0",
        "finished=1 released=0 completed=0 failed=0",
        "expired=1 deleted=0",
        "deleted=1",
    ]


@pytest.mark.parametrize("command", ["complete_idempotency", "purge_idempotency"])
def test_a_limit_below_one_is_wrong_use(command):
    with pytest.raises(CommandError, match="at least 1"):
        call_command(command, limit=0)


# --- Figures ----------------------------------------------------------------------------------------------


def test_the_panel_shows_what_is_stuck(at_alices, key):
    ask(at_alices, "/strict", key)
    well = {figure.label: figure for figure in collect()}
    abandon()

    ill = {figure.label: figure for figure in collect()}

    assert (well["Kept"].value, well["Stuck"].value, well["Stuck"].state) == (1, 0, "ok")
    assert (ill["Abandoned"].value, ill["Stuck"].value, ill["Stuck"].state) == (1, 1, "failed")
    assert ill["Oldest abandoned since"].value >= 600


def test_replays_conflicts_and_mismatches_are_counted(at_alices, key):
    def counted():
        return {
            outcome: REGISTRY.get_sample_value("guildhall_idempotency_total", {"outcome": outcome})
            for outcome in ("executed", "replayed", "mismatch")
        }

    before = counted()
    for amount in (5, 5, 6):
        ask(at_alices, "/strict", key, body={"amount": amount})

    assert {outcome: count - before[outcome] for outcome, count in counted().items()} == {
        "executed": 1,
        "replayed": 1,
        "mismatch": 1,
    }
