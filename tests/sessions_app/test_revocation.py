"""A session that was ended is refused by the very next request (invariant 2), whatever Redis remembers."""

import pytest
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.urls import reverse
from django.utils import timezone

from sessions_app import cache, services
from sessions_app.engine import SessionStore
from sessions_app.models import SecurityEvent, Session, User
from tests import factories
from tests.sessions_app.conftest import CHROME, browser, is_signed_in, row_of, sign_in

pytestmark = pytest.mark.django_db(transaction=True)


def remembered_copy(row):
    """What Redis holds of a session, to be put back later, as when a delete got lost."""
    entry, _ = cache.get(bytes(row.token_hash))
    return entry


def put_back(row, entry):
    digest = bytes(row.token_hash)
    _, lease = cache.get(digest)
    cache.fill(digest, lease, entry)
    assert cache.get(digest)[0] == entry


def test_an_ended_session_is_refused_although_redis_lost_the_delete(alice):
    client = sign_in(alice)
    assert is_signed_in(client)
    row = row_of(client)
    entry = remembered_copy(row)
    services.end_session(session_id=row.pk, by=alice, reason=Session.Reason.PERSON)

    put_back(row, entry)

    assert not is_signed_in(client)


def test_a_deactivated_person_is_refused_although_redis_remembers(alice):
    client = sign_in(alice)
    assert is_signed_in(client)
    row = row_of(client)
    entry = remembered_copy(row)

    services.deactivate_user(user_id=alice.pk, by=None)
    put_back(row, entry)

    assert not is_signed_in(client)
    assert Session.objects.get(pk=row.pk).revoked_because == Session.Reason.DEACTIVATED


def test_somebody_deactivated_behind_the_services_back_is_refused_too(alice):
    client = sign_in(alice)
    assert is_signed_in(client)

    User.objects.filter(pk=alice.pk).update(is_active=False)

    assert not is_signed_in(client)


def test_a_password_set_by_hand_ends_the_sessions_that_knew_the_old_one(alice):
    client = sign_in(alice)
    alice.set_password("another long password")
    alice.save()

    assert not is_signed_in(client)


def test_a_changed_password_ends_all_other_sessions_and_keeps_this_one(alice):
    here, there = sign_in(alice), sign_in(alice, at=browser(CHROME))

    here.post(
        reverse("account_change_password"),
        {"oldpassword": factories.PASSWORD, "password1": "quite another one", "password2": "quite another one"},
    )

    assert is_signed_in(here)
    assert not is_signed_in(there)
    assert Session.objects.get(revoked_because=Session.Reason.PASSWORD)


def test_a_new_token_follows_reauthentication(alice):
    client = sign_in(alice)
    before = row_of(client)

    client.post(reverse("account_reauthenticate"), {"password": factories.PASSWORD})

    after = row_of(client)
    assert after.pk == before.pk
    assert bytes(after.token_hash) != bytes(before.token_hash)
    assert SecurityEvent.objects.filter(user=alice, kind=SecurityEvent.Kind.REAUTHENTICATED).exists()


def test_a_new_token_follows_a_change_of_rights(alice):
    client = sign_in(alice)
    before = row_of(client)
    User.objects.filter(pk=alice.pk).update(is_staff=True)

    assert is_signed_in(client)

    after = row_of(client)
    assert bytes(after.token_hash) != bytes(before.token_hash)


def test_a_new_token_follows_a_change_of_groups(alice):
    client = sign_in(alice)
    before = row_of(client)
    services.note_privilege_change(user_id=alice.pk, by=None)

    assert is_signed_in(client)

    assert bytes(row_of(client).token_hash) != bytes(before.token_hash)


def test_a_promoted_person_gets_the_shorter_limits_of_operators(alice):
    client = sign_in(alice, remember=True)
    User.objects.filter(pk=alice.pk).update(is_staff=True)
    is_signed_in(client)

    row = row_of(client)

    assert (row.absolute_expires_at - row.created_at).total_seconds() == 12 * 3600


def test_a_change_made_elsewhere_to_the_session_is_seen_although_the_copy_is_old(alice):
    client = sign_in(alice)
    is_signed_in(client)
    row = row_of(client)
    stale = remembered_copy(row)
    session = client.session
    session["note"] = "new"
    session.save()
    cache.drop([bytes(row.token_hash)])
    put_back(row, stale)

    is_signed_in(client)

    assert client.session["note"] == "new"
    assert client.session[SESSION_KEY] == str(alice.pk)


def test_ending_twice_is_told_by_the_answer(alice):
    row = row_of(sign_in(alice))

    first = services.end_session(session_id=row.pk, by=alice, reason=Session.Reason.PERSON)
    second = services.end_session(session_id=row.pk, by=alice, reason=Session.Reason.PERSON)

    assert (first, second) == (True, False)
    assert SecurityEvent.objects.filter(kind=SecurityEvent.Kind.SESSION_ENDED).count() == 1


def test_a_session_that_is_gone_has_ended(alice):
    row = row_of(sign_in(alice))
    row.delete()

    assert not services.end_session(session_id=row.pk, by=alice, reason=Session.Reason.PERSON)


def test_everybody_can_be_signed_out_at_once(alice, mallory):
    clients = [sign_in(alice), sign_in(mallory)]

    ended = services.end_all_sessions(user_id=None, by=None, reason=Session.Reason.OPERATOR, note="drill")

    assert ended == 2
    assert not any(is_signed_in(client) for client in clients)


# --- Sessions of nobody -----------------------------------------------------------------------------------


def test_a_session_of_nobody_that_ended_is_refused_although_redis_has_a_copy(db):
    store = SessionStore()
    store["basket"] = "full"
    store.save()
    row = Session.objects.get()
    copy = SessionStore(store.session_key)._entry(row, {"basket": "full"})
    Session.objects.update(revoked_at=timezone.now(), revoked_because=Session.Reason.OPERATOR)

    put_back(row, copy)

    assert SessionStore(store.session_key).load() == {}


def test_a_session_of_nobody_is_asked_for_in_one_query_and_a_page_without_one_in_none(db, django_assert_num_queries):
    client = browser()
    session = client.session
    session["basket"] = "full"
    session.save()
    client.cookies[settings.SESSION_COOKIE_NAME] = session.session_key

    for seen, visitor in ((1, client), (1, client), (0, browser())):
        with django_assert_num_queries(seen):
            visitor.get(reverse("account_login"))


def test_what_a_session_of_nobody_holds_is_in_no_cache(redis_server, db):
    store = SessionStore()
    store["basket"] = "full"
    store.save()

    SessionStore(store.session_key).load()

    assert cache.get(bytes(Session.objects.get().token_hash))[0] is None
