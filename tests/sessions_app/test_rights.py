"""Who may give rights and reach whom in the admin, what is asked of them first, and that tokens follow."""

from datetime import timedelta

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group, Permission
from django.urls import reverse
from django.utils import timezone

from sessions_app.models import Session, User
from tests import factories
from tests.sessions_app.conftest import is_signed_in, row_of, sign_in
from tests.sessions_app.test_admin import act, set_password

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def olga(db):
    return factories.user(name="olga", superuser=True)


@pytest.fixture
def henrik(db):
    """An operator who may change people, groups and sessions, and is no superuser."""
    row = factories.user(name="henrik", staff=True)
    row.user_permissions.set(Permission.objects.filter(content_type__app_label__in=["sessions_app", "auth", "account"]))
    return row


def write(client, user, **fields):
    values = {"email": user.email, "display_name": user.display_name, "time_zone": ""} | fields
    return client.post(reverse("admin:sessions_app_user_change", args=[user.pk]), values)


ALL_RIGHTS = {"is_staff": "on", "is_superuser": "on"}


@pytest.mark.parametrize("who", ["alice", "henrik"])
def test_only_a_superuser_gives_rights(who, henrik, alice):
    target = {"alice": alice, "henrik": henrik}[who]
    group = Group.objects.create(name="stewards")
    before = (target.is_staff, target.user_permissions.count())
    right = Permission.objects.get(codename="add_flag")

    answer = write(sign_in(henrik), target, **ALL_RIGHTS, groups=[group.pk], user_permissions=[right.pk])

    target.refresh_from_db()
    assert answer.status_code == 302
    assert (target.is_staff, target.user_permissions.count()) == before
    assert not target.is_superuser
    assert not target.groups.exists()


def test_a_superuser_gives_rights(olga, alice):
    write(sign_in(olga), alice, **ALL_RIGHTS)

    alice.refresh_from_db()
    assert alice.is_superuser


def test_only_a_superuser_writes_what_a_group_may_do(henrik):
    group = Group.objects.create(name="stewards")

    answers = [
        sign_in(henrik).post(reverse("admin:auth_group_change", args=[group.pk]), {"name": "mine"}),
        sign_in(henrik).post(reverse("admin:auth_group_add"), {"name": "mine"}),
        sign_in(henrik).post(reverse("admin:auth_group_delete", args=[group.pk]), {"post": "yes"}),
    ]

    assert [answer.status_code for answer in answers] == [403] * 3
    assert list(Group.objects.values_list("name", flat=True)) == ["stewards"]


def test_an_operator_takes_over_no_other_operator(henrik, olga):
    client, at_olgas = sign_in(henrik), sign_in(olga)

    set_password(client, olga)
    changed = write(client, olga, email="mine@example.org")
    act(client, "user", "deactivate", olga)

    olga.refresh_from_db()
    assert changed.status_code == 403
    assert olga.email == "olga@example.org"
    assert olga.check_password(factories.PASSWORD)
    assert is_signed_in(at_olgas)


@pytest.mark.parametrize("page", ["account_emailaddress", "mfa_authenticator"])
def test_nobody_writes_addresses_and_second_factors_by_hand(page, olga):
    assert sign_in(olga).post(reverse(f"admin:{page}_add"), {"email": "x@example.org"}).status_code == 403
    assert EmailAddress.objects.count() == 1


# --- Proof before the act ---------------------------------------------------------------------------------


def long_after():
    return time_machine.travel(timezone.now() + timedelta(minutes=6))


@pytest.mark.parametrize(
    ("table", "action"), [("session", "end_sessions"), ("user", "end_sessions"), ("user", "deactivate")]
)
def test_ending_a_persons_sessions_needs_a_recent_proof_and_goes_on_after_it(table, action, olga, alice):
    client, other = sign_in(olga), sign_in(alice)
    target = row_of(other) if table == "session" else alice

    with long_after():
        asked = client.post(
            reverse(f"admin:sessions_app_{table}_changelist"), {"action": action, "_selected_action": [target.pk]}
        )
        before = Session.objects.active().filter(user=alice).exists()
        client.post(asked["Location"], {"password": factories.PASSWORD})
        after = Session.objects.active().filter(user=alice).exists()

    assert reverse("account_reauthenticate") in asked["Location"]
    assert (before, after) == (True, False)


def test_rights_and_passwords_are_given_only_after_a_recent_proof(olga, alice):
    client = sign_in(olga)

    with long_after():
        rights = write(client, alice, **ALL_RIGHTS)
        set_password(client, alice)
    kept = str(dict(client.session.items()))

    alice.refresh_from_db()
    assert reverse("account_reauthenticate") in rights["Location"]
    assert not alice.is_superuser
    assert alice.check_password(factories.PASSWORD)
    assert "quite another one" not in kept


# --- A group's end ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["page", "action"])
def test_a_new_token_follows_the_end_of_a_group(way, olga, alice):
    group = Group.objects.create(name="stewards")
    alice.groups.add(group)
    operator, client = sign_in(olga), sign_in(alice)
    before = row_of(client)

    if way == "page":
        operator.post(reverse("admin:auth_group_delete", args=[group.pk]), {"post": "yes"})
    else:
        operator.post(
            reverse("admin:auth_group_changelist"),
            {"action": "delete_selected", "_selected_action": [group.pk], "post": "yes"},
        )

    assert not Group.objects.exists()
    assert User.objects.get(pk=alice.pk).privilege_version == 1
    assert is_signed_in(client)
    assert bytes(row_of(client).token_hash) != bytes(before.token_hash)
