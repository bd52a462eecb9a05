"""How long sessions last, by role and by "remember me", and how many a person may have."""

from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.utils import timezone

from sessions_app import cache
from sessions_app.models import Session, User
from tests import factories
from tests.sessions_app.conftest import browser, is_signed_in, row_of, sign_in

pytestmark = pytest.mark.django_db(transaction=True)

MEMBER = (False, False, timedelta(hours=2), timedelta(hours=24))
REMEMBERED = (False, True, timedelta(days=7), timedelta(days=30))
STAFF = (True, False, timedelta(minutes=30), timedelta(hours=12))
STAFF_REMEMBERED = (True, True, timedelta(minutes=30), timedelta(hours=12))
ROLES = pytest.mark.parametrize(
    ("staff", "remember", "idle", "absolute"), [MEMBER, REMEMBERED, STAFF, STAFF_REMEMBERED]
)


@ROLES
def test_an_idle_session_ends_at_its_limit_and_not_before(staff, remember, idle, absolute):
    client = sign_in(factories.user(staff=staff), remember=remember)
    start = timezone.now()

    with time_machine.travel(start + idle - timedelta(seconds=30), tick=False):
        before = is_signed_in(client)
    with time_machine.travel(start + 2 * idle + timedelta(seconds=30), tick=False):
        after = is_signed_in(client)

    assert (before, after) == (True, False)


@ROLES
def test_a_session_in_use_ends_at_the_absolute_limit(staff, remember, idle, absolute):
    client = sign_in(factories.user(staff=staff), remember=remember)
    start, now = timezone.now(), timezone.now()

    while now < start + absolute - timedelta(minutes=2):
        with time_machine.travel(now, tick=False):
            assert is_signed_in(client), now - start
        now += idle * 0.9
    with time_machine.travel(start + absolute + timedelta(minutes=1), tick=False):
        assert not is_signed_in(client)


def test_an_operator_who_loses_the_rights_late_in_a_session_keeps_it_up_to_its_limit():
    olga = factories.user(staff=True)
    client = sign_in(olga)
    start = timezone.now()
    Session.objects.update(last_seen_at=start + timedelta(hours=11), idle_expires_at=start + timedelta(hours=11.5))
    cache.drop([bytes(row_of(client).token_hash)])
    User.objects.filter(pk=olga.pk).update(is_staff=False)

    with time_machine.travel(start + timedelta(hours=11, minutes=10), tick=False):
        assert is_signed_in(client)


def test_last_seen_is_written_at_most_once_a_minute(alice, django_assert_num_queries):
    client = sign_in(alice)
    is_signed_in(client)
    start = row_of(client).last_seen_at

    with time_machine.travel(start + timedelta(seconds=59), tick=False):
        is_signed_in(client)
    early = row_of(client).last_seen_at
    with time_machine.travel(start + timedelta(seconds=61), tick=False):
        is_signed_in(client)
        is_signed_in(client)

    assert early == start
    assert row_of(client).last_seen_at == start + timedelta(seconds=61)


def test_an_eleventh_session_ends_the_oldest_and_the_person_is_told(alice):
    clients = [sign_in(alice) for _ in range(10)]
    mail.outbox.clear()

    eleventh = sign_in(alice, at=clients[9])
    more = sign_in(alice, at=browser())

    assert not is_signed_in(clients[0])
    assert is_signed_in(clients[1])
    assert is_signed_in(more)
    assert is_signed_in(eleventh)
    assert Session.objects.active().filter(user=alice).count() == 10
    assert [m.subject for m in mail.outbox if "ended" in m.subject] == ["An old session was ended · Guildhall"]


def test_remember_me_makes_a_cookie_that_outlives_the_browser(alice):
    kept, passing = sign_in(alice, remember=True), sign_in(alice)

    assert kept.cookies["session"]["max-age"]
    assert not passing.cookies["session"]["max-age"]


def test_a_session_of_nobody_ends_after_the_cookie_age():
    client = Client()
    session = client.session
    session["basket"] = 1
    session.save()

    row = Session.objects.get()

    assert row.user is None
    assert row.idle_expires_at == row.absolute_expires_at
