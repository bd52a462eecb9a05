"""Operators end sessions: one, all of a person's, everybody's."""

from datetime import timedelta

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group, Permission
from django.urls import reverse
from django.utils import timezone

from preferences import services as preferences
from sessions_app.models import SecurityEvent, Session
from tests import factories
from tests.sessions_app.conftest import CHROME, browser, is_signed_in, row_of, sign_in

pytestmark = pytest.mark.django_db(transaction=True)

EVERYBODY = "admin:sessions_app_session_end_everybody"


@pytest.fixture
def olga(db):
    return factories.user(name="olga", superuser=True)


def act(client, table, action, *rows):
    address = reverse(f"admin:sessions_app_{table}_changelist")
    return client.post(address, {"action": action, "_selected_action": [row.pk for row in rows]}, follow=True)


def test_an_operator_ends_one_session(olga, alice):
    one, other = sign_in(alice), sign_in(alice, at=browser(CHROME))

    response = act(sign_in(olga), "session", "end_sessions", row_of(one))

    assert "1 ended, 0 skipped." in response.content.decode()
    assert not is_signed_in(one)
    assert is_signed_in(other)
    assert Session.objects.get(revoked_because=Session.Reason.OPERATOR).revoked_by == olga


def test_an_operator_ends_all_sessions_of_a_person(olga, alice, mallory):
    one, other, stays = sign_in(alice), sign_in(alice, at=browser(CHROME)), sign_in(mallory)

    act(sign_in(olga), "user", "end_sessions", alice)

    assert [is_signed_in(client) for client in (one, other, stays)] == [False, False, True]
    assert SecurityEvent.objects.get(user=alice, kind=SecurityEvent.Kind.SESSIONS_ENDED).by == olga


def test_an_operator_ends_everybodys_sessions_with_a_typed_phrase_and_a_reason(olga, alice, mallory):
    clients = [sign_in(person) for person in (olga, alice, mallory)]

    response = clients[0].post(reverse(EVERYBODY), {"confirmation": "end all sessions", "reason": "drill"})

    assert response["Location"] == reverse("account_login")
    assert not any(is_signed_in(client) for client in clients)
    assert "drill" in SecurityEvent.objects.get(user=None, kind=SecurityEvent.Kind.SESSIONS_ENDED).note


@pytest.mark.parametrize("fields", [{"confirmation": "yes", "reason": "drill"}, {"confirmation": "end all sessions"}])
def test_without_the_phrase_or_a_reason_nobodys_session_ends(fields, olga, alice):
    client, other = sign_in(olga), sign_in(alice)

    response = client.post(reverse(EVERYBODY), fields)

    assert response.status_code == 200
    assert is_signed_in(other)


def test_ending_everybodys_sessions_needs_a_recent_proof_of_who_it_is(olga, alice):
    client, other = sign_in(olga), sign_in(alice)

    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        response = client.post(reverse(EVERYBODY), {"confirmation": "end all sessions", "reason": "drill"})
        still = is_signed_in(other)

    assert reverse("account_reauthenticate") in response["Location"]
    assert still


def test_a_member_ends_nothing_there(alice, mallory):
    client, other = sign_in(mallory), sign_in(alice)

    response = client.post(reverse(EVERYBODY), {"confirmation": "end all sessions", "reason": "spite"})

    assert response.status_code == 302
    assert is_signed_in(other)


def test_an_operator_without_the_right_ends_nothing(alice, db):
    client, other = sign_in(factories.user(name="henrik", staff=True)), sign_in(alice)

    response = client.post(reverse(EVERYBODY), {"confirmation": "end all sessions", "reason": "spite"})

    assert response.status_code == 403
    assert is_signed_in(other)


def test_ending_everybodys_sessions_works_also_when_the_operator_changed_something_elsewhere(olga):
    client = sign_in(olga)
    client.get("/")
    preferences.choose_mode(user_id=olga.pk, device_id=None, version=0, mode="dark")

    response = client.post(reverse(EVERYBODY), {"confirmation": "end all sessions", "reason": "drill"})

    assert response["Location"] == reverse("account_login")
    assert not is_signed_in(client)


def test_a_password_that_an_operator_sets_ends_the_persons_sessions(olga, alice):
    operator, client = sign_in(olga), sign_in(alice)

    set_password(operator, alice)

    assert not is_signed_in(client)
    assert Session.objects.get(user=alice).revoked_because == Session.Reason.PASSWORD
    assert SecurityEvent.objects.get(user=alice, kind=SecurityEvent.Kind.PASSWORD_CHANGED).by == olga


def test_an_operator_who_sets_their_own_password_stays_signed_in_here_alone(olga):
    here, there = sign_in(olga), sign_in(olga, at=browser(CHROME))

    set_password(here, olga)

    assert (is_signed_in(here), is_signed_in(there)) == (True, False)
    assert Session.objects.active().count() == 1


def test_a_password_that_was_refused_ends_nothing(olga, alice):
    operator, client = sign_in(olga), sign_in(alice)

    set_password(operator, alice, again="something else")

    assert is_signed_in(client)


def set_password(operator, person, *, again="quite another one"):
    operator.post(
        reverse("admin:auth_user_password_change", args=[person.pk]),
        {"usable_password": "true", "password1": "quite another one", "password2": again},
    )


def test_an_address_that_an_operator_writes_ends_the_sessions_and_is_the_only_one(olga, alice):
    operator, client = sign_in(olga), sign_in(alice)

    operator.post(
        reverse("admin:sessions_app_user_change", args=[alice.pk]),
        {"email": "new@example.org", "display_name": "Alice", "time_zone": ""},
    )

    assert not is_signed_in(client)
    assert list(EmailAddress.objects.filter(user=alice).values_list("email", "primary", "verified")) == [
        ("new@example.org", True, False)
    ]
    assert SecurityEvent.objects.get(user=alice, kind=SecurityEvent.Kind.EMAIL_CHANGED).by == olga


def test_a_new_token_follows_new_rights_of_a_group(olga, alice):
    group = Group.objects.create(name="stewards")
    alice.groups.add(group)
    operator, client = sign_in(olga), sign_in(alice)
    before = row_of(client)

    operator.post(
        reverse("admin:auth_group_change", args=[group.pk]),
        {"name": "stewards", "permissions": [Permission.objects.earliest("pk").pk]},
    )

    assert is_signed_in(client)
    assert bytes(row_of(client).token_hash) != bytes(before.token_hash)
