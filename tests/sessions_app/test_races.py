"""What two requests at once may not do to a session (invariants 2, 3 and 5), each beside Django's `cached_db`.

`cached_db` is the control: the same steps show the fault there, so the steps do find it.
"""

import pytest
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.backends.cached_db import SessionStore as CachedDbStore
from django.contrib.sessions.exceptions import SessionInterrupted
from django.db import OperationalError, connection
from django.urls import reverse

from sessions_app import cache, services
from sessions_app.engine import SessionStore
from sessions_app.models import SecurityEvent, Session, User, token_hash
from tests import factories
from tests.races import Gate, held, race
from tests.sessions_app.conftest import browser, is_signed_in, row_of, sign_in

pytestmark = pytest.mark.django_db(transaction=True)


def opened(engine, **values):
    store = engine()
    store.update(values)
    store.save()
    return store.session_key


def signed_in(user, **values):
    return opened(
        SessionStore,
        **values,
        **{
            SESSION_KEY: str(user.pk),
            BACKEND_SESSION_KEY: "allauth.account.auth_backends.AuthenticationBackend",
            HASH_SESSION_KEY: user.get_session_auth_hash(),
        },
    )


# --- The resurrection -------------------------------------------------------------------------------------


def test_cached_db_lets_a_slow_reader_bring_a_deleted_session_back_to_life():
    key = opened(CachedDbStore, step=1)
    CachedDbStore()._cache.delete(CachedDbStore().cache_key_prefix + key)

    with held(Gate(), lambda: CachedDbStore(key).load(), "SELECT", "django_session"):
        CachedDbStore().delete(key)

    assert CachedDbStore(key).load() == {"step": 1}


def test_a_slow_reader_cannot_bring_a_deleted_session_back_to_life():
    key = opened(SessionStore, step=1)

    with held(Gate(), lambda: SessionStore(key).load(), "SELECT", "sessions_app_session") as slow:
        SessionStore().delete(key)

    assert slow == [{"step": 1}]
    assert cache.get(token_hash(key))[0] is None
    assert SessionStore(key).load() == {}


def test_a_slow_reader_cannot_bring_a_revoked_session_back_to_life():
    alice = factories.user()
    key = signed_in(alice)
    row = Session.objects.get(token_hash=token_hash(key))

    with held(Gate(), lambda: SessionStore(key).load(), "SELECT", "sessions_app_session") as slow:
        services.end_session(session_id=row.pk, by=alice, reason=Session.Reason.PERSON)

    assert slow[0][SESSION_KEY] == str(alice.pk)
    assert cache.get(token_hash(key))[0] is None
    assert SessionStore(key).load() == {}


def test_without_its_lease_a_slow_reader_would_bring_the_session_back():
    key = signed_in(factories.user(), step=1)
    SessionStore(key).load()
    entry, _ = cache.get(token_hash(key))
    SessionStore().delete(key)
    _, lease = cache.get(token_hash(key))

    cache.fill(token_hash(key), lease, entry)

    assert SessionStore(key).load()["step"] == 1


# --- The lost update --------------------------------------------------------------------------------------


def two_writers(engine, key):
    first, second = engine(key), engine(key)
    first["left"], second["right"] = 1, 2
    first.save()
    second.save()
    return engine(key).load()


def test_cached_db_loses_one_of_two_changes():
    key = opened(CachedDbStore, step=1)

    assert two_writers(CachedDbStore, key) == {"step": 1, "right": 2}


def test_two_requests_that_change_different_keys_both_keep_their_change():
    key = opened(SessionStore, step=1)

    assert two_writers(SessionStore, key) == {"step": 1, "left": 1, "right": 2}


def test_ten_writers_at_once_keep_all_their_changes():
    key = opened(SessionStore, step=1)

    def writer(number):
        def write():
            store = SessionStore(key)
            store[f"n{number}"] = number
            store.save()

        return write

    results = race(*[writer(number) for number in range(10)])

    assert results == [None] * 10
    assert SessionStore(key).load() == {"step": 1} | {f"n{number}": number for number in range(10)}


def test_a_writer_caches_its_own_version_when_another_saves_right_behind_it():
    key = opened(SessionStore, step=1)
    first, second = SessionStore(key), SessionStore(key)
    first["left"], second["right"] = 1, 2
    outcomes = []

    def save_second():
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '200ms'")
        second.save()

    def second_before_the_first_reads_its_row(execute, sql, params, many, context):
        if sql.startswith("SELECT") and Session._meta.db_table in sql and not outcomes:
            outcomes.extend(race(save_second))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(second_before_the_first_reads_its_row):
        first.save()
    if isinstance(outcomes[0], OperationalError):
        # It had to wait for the first, as it should.
        second.save()

    assert SessionStore(key).load() == {"step": 1, "left": 1, "right": 2}


def test_a_removed_key_stays_removed_when_another_request_saves():
    key = opened(SessionStore, basket="full", step=1)
    first, second = SessionStore(key), SessionStore(key)
    del first["basket"]
    second["step"] = 2

    first.save()
    second.save()

    assert SessionStore(key).load() == {"step": 2}


def test_a_session_that_was_emptied_keeps_nothing_of_before():
    key = opened(SessionStore, basket="full", step=1)
    changed, emptied = SessionStore(key), SessionStore(key)
    changed["step"] = 2
    changed.save()
    emptied.clear()
    emptied["new"] = True

    emptied.save()

    assert SessionStore(key).load() == {"new": True}


def test_a_copy_of_a_deleted_session_is_dropped_by_the_first_request_that_finds_out():
    key = signed_in(factories.user(), step=1)
    digest = token_hash(key)
    SessionStore(key).load()
    copy, _ = cache.get(digest)
    SessionStore().delete(key)
    _, lease = cache.get(digest)
    cache.fill(digest, lease, copy)
    store = SessionStore(key)
    store["step"] = 2

    with pytest.raises(UpdateError):
        store.save()

    assert SessionStore(key).load() == {}


def test_a_request_that_saves_late_does_not_revive_a_revoked_session():
    alice = factories.user()
    key = signed_in(alice)
    late = SessionStore(key)
    late["note"] = "late"
    row = Session.objects.get(token_hash=token_hash(key))
    services.end_session(session_id=row.pk, by=alice, reason=Session.Reason.PERSON)

    with pytest.raises(UpdateError):
        late.save()

    assert SessionStore(key).load() == {}


def test_a_request_that_renews_its_token_late_does_not_revive_a_revoked_session():
    alice = factories.user()
    late = SessionStore(signed_in(alice))
    late["note"] = "read before the end"
    services.end_session(session_id=Session.objects.get().pk, by=alice, reason=Session.Reason.PERSON)

    with pytest.raises(SessionInterrupted):
        late.cycle_key()

    assert late.is_empty()
    assert not Session.objects.active().exists()


def test_somebody_who_proves_who_they_are_while_their_session_is_ended_stays_signed_out():
    alice = factories.user()
    client = sign_in(alice)
    row = row_of(client)

    def prove():
        return client.post(reverse("account_reauthenticate"), {"password": factories.PASSWORD}).status_code

    with held(Gate(), prove, "sessions_app_user", "session_version") as outcome:
        services.end_session(session_id=row.pk, by=alice, reason=Session.Reason.PERSON)

    assert outcome == [400]
    assert not is_signed_in(client)
    assert not Session.objects.active().filter(user=alice).exists()


def test_somebody_who_signs_out_twice_at_once_signs_out_once():
    alice = factories.user()
    client, twin = sign_in(alice), browser()
    twin.cookies = client.cookies.copy()

    with held(Gate(), lambda: client.post(reverse("account_logout")).status_code, "DELETE", "sessions_app_session"):
        twin.post(reverse("account_logout"))

    assert SecurityEvent.objects.filter(kind=SecurityEvent.Kind.SIGNED_OUT).count() == 1
    assert not Session.objects.exists()


def test_two_requests_that_notice_new_rights_at_once_leave_one_session():
    alice = factories.user()
    client, twin = sign_in(alice), browser()
    twin.cookies = client.cookies.copy()
    User.objects.filter(pk=alice.pk).update(is_staff=True)

    with held(Gate(), lambda: is_signed_in(client), "session_version") as outcome:
        ahead = is_signed_in(twin)

    assert (ahead, outcome) == (True, [False])
    assert Session.objects.active().filter(user=alice).count() == 1


def test_an_older_writer_does_not_put_an_older_copy_over_a_newer_one():
    key = signed_in(factories.user(), step=1)
    SessionStore(key).load()
    digest = token_hash(key)
    older, _ = cache.get(digest)
    store = SessionStore(key)
    store["step"] = 2
    store.save()

    cache.replace(digest, older)

    assert SessionStore(key).load()["step"] == 2
