"""What is locked, in which order, while sessions open, end and are cleared (invariants 2 and 5)."""

import threading
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth import SESSION_KEY
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from sessions_app import limits, services
from sessions_app.clients import Client
from sessions_app.engine import SessionStore
from sessions_app.models import Session, User, token_hash
from tests import factories
from tests.races import Gate, held, race, until_somebody_waits
from tests.sessions_app.test_races import opened, signed_in

pytestmark = pytest.mark.django_db(transaction=True)


# --- The limit of sessions a person -----------------------------------------------------------------------


def test_ten_sign_ins_at_once_leave_no_more_than_the_limit(settings):
    settings.SESSION_MAX_PER_PERSON = 3
    alice = factories.user()

    results = race(*[lambda: signed_in(alice)] * 10)

    assert not [result for result in results if isinstance(result, Exception)]
    assert Session.objects.active().filter(user=alice).count() == 3


def test_a_sign_in_locks_its_own_session_before_it_ends_younger_ones(settings):
    settings.SESSION_MAX_PER_PERSON = 3
    alice = factories.user()
    key = opened(SessionStore, step=1)
    for _ in range(3):
        signed_in(alice)

    def go_in():
        store = SessionStore(key)
        store[SESSION_KEY] = str(alice.pk)
        store.save()

    # Whoever ends everybody's sessions locks them by primary key: the other order would be a deadlock.
    with held(Gate(), go_in, 'UPDATE "sessions_app_session" SET "revoked_at"') as outcome:
        own = Session.objects.select_for_update(nowait=True).filter(token_hash=token_hash(key))
        with pytest.raises(OperationalError, match="could not obtain lock"), transaction.atomic(durable=True):
            own.get()

    assert outcome == [None]


def test_a_second_sign_in_waits_for_the_first_to_count_the_sessions():
    alice = factories.user()

    def open_first():
        with transaction.atomic(durable=True):
            limits.make_room(user_id=alice.pk, keep_session_id=None)

    with (
        held(Gate(), open_first, "sessions_app_user", "FOR NO KEY UPDATE"),
        transaction.atomic(durable=True),
        connection.cursor() as cursor,
    ):
        cursor.execute("SET LOCAL lock_timeout = '100ms'")
        with pytest.raises(OperationalError, match="lock timeout"):
            limits.make_room(user_id=alice.pk, keep_session_id=None)


# --- Ending -----------------------------------------------------------------------------------------------


def test_whoever_ends_all_sessions_of_a_person_waits_for_a_sign_in_that_is_on_its_way():
    alice = factories.user()

    with (
        held(Gate(), lambda: signed_in(alice), "sessions_app_user", "FOR NO KEY UPDATE"),
        transaction.atomic(durable=True),
        connection.cursor() as cursor,
    ):
        cursor.execute("SET LOCAL lock_timeout = '100ms'")
        with pytest.raises(OperationalError, match="lock timeout"):
            services.end_other_sessions(user_id=alice.pk, keep_session_id=None, by=alice, reason=Session.Reason.PERSON)


def test_a_session_that_is_being_ended_is_locked_so_that_it_ends_once():
    alice = factories.user()
    signed_in(alice)
    row = Session.objects.get()

    def end():
        return services.end_session(session_id=row.pk, by=alice, reason=Session.Reason.PERSON)

    with (
        held(Gate(), end, 'FROM "sessions_app_session"', '"idle_expires_at" >') as outcome,
        pytest.raises(OperationalError, match="could not obtain lock"),
        transaction.atomic(durable=True),
    ):
        Session.objects.select_for_update(nowait=True, no_key=True).get(pk=row.pk)

    assert outcome == [True]


def test_a_request_that_notes_its_use_late_leaves_an_ended_session_as_it_is():
    alice = factories.user()
    late = SessionStore(signed_in(alice))
    late["note"] = "read before the end"
    services.end_session(session_id=Session.objects.get().pk, by=alice, reason=Session.Reason.PERSON)
    ended = Session.objects.get()

    late.touch(timezone.now() + timedelta(minutes=2))

    assert Session.objects.get().last_seen_at == ended.last_seen_at


def test_two_changes_of_rights_at_once_are_both_counted():
    alice = factories.user()

    race(*[lambda: services.note_privilege_change(user_id=alice.pk, by=None)] * 4)

    alice.refresh_from_db()
    assert alice.privilege_version == 4


# --- Clearing ---------------------------------------------------------------------------------------------


def test_clearing_steps_over_a_row_that_somebody_holds():
    long_ago = timezone.now() - timedelta(days=3)
    kept = factories.session(user=None, token="held", created_at=long_ago)
    factories.session(user=None, token="free", created_at=long_ago)
    gate = Gate()

    def hold():
        with transaction.atomic(durable=True):
            return Session.objects.select_for_update().get(pk=kept.pk)

    with held(gate, hold, "FOR UPDATE"):
        deleted = services.clear_expired()

    assert deleted == 1
    assert list(Session.objects.values_list("pk", flat=True)) == [kept.pk]


def test_two_clearings_at_once_delete_each_row_once():
    long_ago = timezone.now() - timedelta(days=3)
    for number in range(40):
        factories.session(user=None, token=f"t{number}", created_at=long_ago)

    results = race(*[lambda: services.clear_expired(batch=5)] * 4)

    assert sum(results) <= 40
    services.clear_expired()
    assert not Session.objects.exists()


# --- What each request asks -------------------------------------------------------------------------------


def test_a_person_is_asked_to_be_active_besides_their_session():
    alice = factories.user()
    key = signed_in(alice)
    asked = {"user_id": alice.pk, "session_hash": token_hash(key), "now": timezone.now()}
    before = User.objects.behind_session(**asked)
    User.objects.filter(pk=alice.pk).update(is_active=False)

    after = User.objects.behind_session(**asked)

    assert (before, after) == (alice, None)
    assert Session.objects.active().filter(user=alice).exists()


def test_sessions_that_give_way_are_locked_by_primary_key_whatever_their_age(settings):
    settings.SESSION_MAX_PER_PERSON = 1
    alice = factories.user()
    # The younger row has the smaller key: newest first, and oldest first, would be two different orders.
    now = timezone.now()
    rows = [factories.session(user=alice, token=f"t{n}", created_at=now - timedelta(minutes=n)) for n in range(3)]
    gate = Gate()

    def hold_the_middle_one():
        with transaction.atomic(durable=True):
            return Session.objects.select_for_update(no_key=True).get(pk=rows[1].pk)

    def open_one():
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '3s'")
        with transaction.atomic(durable=True):
            limits.make_room(user_id=alice.pk, keep_session_id=None)

    with held(gate, hold_the_middle_one, "FOR NO KEY UPDATE"):
        opening = threading.Thread(target=lambda: race(open_one))
        opening.start()
        until_somebody_waits()
        locked = [row.pk for row in rows if is_locked(row)]
    opening.join()

    # It has those before the one that it waits for, and none after.
    assert locked == [rows[0].pk, rows[1].pk]
    assert not Session.objects.active().exists()


def is_locked(row):
    with transaction.atomic(durable=True):
        free = Session.objects.select_for_update(skip_locked=True).filter(pk=row.pk)
        return not free.exists()


# --- What operators change ----------------------------------------------------------------------------------


def test_two_who_change_an_address_at_once_leave_one_that_is_to_be_confirmed():
    alice, olga = factories.user(name="alice"), factories.user(name="olga", superuser=True)
    gate, second = Gate(), []

    def change():
        with transaction.atomic(durable=True):
            services.note_email_change(user_id=alice.pk, keep_session_id=None, by=olga, client=Client(None, ""))

    other = threading.Thread(target=lambda: second.extend(race(change)))
    with held(gate, change, 'INSERT INTO "account_emailaddress"') as first:
        other.start()
        until_somebody_waits(lambda: not other.is_alive())
    other.join()

    assert [*first, *second] == [None, None]
    assert EmailAddress.objects.filter(user=alice, primary=True, verified=False).count() == 1
