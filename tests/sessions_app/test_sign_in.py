"""Signing up, signing in, and what a new device sets off."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from sessions_app.engine import SessionStore
from sessions_app.models import Device, SecurityEvent, Session, User
from tests import factories
from tests.sessions_app.conftest import CHROME, browser, is_signed_in, row_of, sign_in

pytestmark = pytest.mark.django_db(transaction=True)
Kind = SecurityEvent.Kind


def link_in(message):
    return re.search(r"https?://[^/\s]+(/\S+)", message.body)[1]


def test_a_person_signs_up_confirms_the_address_and_signs_in():
    client = browser()
    client.post(
        reverse("account_signup"),
        {"display_name": "Alice Ames", "email": "alice@example.org", "password1": factories.PASSWORD},
    )
    assert not is_signed_in(client)

    client.post(link_in(mail.outbox[-1]))
    sign_in(User.objects.get(), at=client)

    assert is_signed_in(client)
    assert User.objects.get().display_name == "Alice Ames"
    kinds = set(SecurityEvent.objects.values_list("kind", flat=True))
    assert {Kind.SIGNED_UP, Kind.SIGNED_IN} <= kinds


def test_letters_speak_of_the_hall_by_its_name(settings):
    settings.HALL_NAME = "The Old Forge"

    browser().post(
        reverse("account_signup"),
        {"display_name": "Alice", "email": "alice@example.org", "password1": factories.PASSWORD},
    )

    letter = mail.outbox[-1]
    assert letter.subject.endswith(" · The Old Forge")
    assert "The Old Forge" in letter.body
    assert "testserver!" not in letter.body


def test_following_the_link_by_get_alone_confirms_nothing():
    client = browser()
    client.post(
        reverse("account_signup"),
        {"display_name": "Alice", "email": "alice@example.org", "password1": factories.PASSWORD},
    )

    response = client.get(link_in(mail.outbox[-1]))

    assert response.status_code == 200
    assert not User.objects.get().emailaddress_set.get().verified


def test_a_sign_in_leaves_a_row_that_says_who_where_and_how(alice):
    client = sign_in(alice)

    row = row_of(client)

    assert (row.user, row.label, row.address) == (alice, "Firefox on Android", "127.0.0.1")
    assert row.authenticated_by == "password"
    assert row.device.user == alice
    assert not row.remembered


def test_only_the_hash_of_the_token_is_stored_anywhere(alice, redis_server):
    client = sign_in(alice)
    # A request that has to wait for the password is kept in the session as it came.
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        client.post(reverse("sessions_app:other_devices_end"))
        is_signed_in(client)
    token = client.cookies[settings.SESSION_COOKIE_NAME].value

    stored = [str(vars(row)) + str(SessionStore().decode(row.data)) for row in Session.objects.all()]
    names = [name for name in redis_server.scan_iter() if redis_server.type(name) == b"string"]
    cached = [name + redis_server.get(name) for name in names]

    assert cached
    assert "account_reauthentication_state" in stored[0]
    assert not any(token in text for text in stored)
    assert not any(token.encode() in text for text in cached)


def test_the_token_changes_at_sign_in_so_that_a_planted_one_is_worthless(alice):
    client = browser()
    client.get(reverse("account_login"))
    client.cookies[settings.SESSION_COOKIE_NAME] = planted = "p" * 43

    sign_in(alice, at=client)

    assert client.cookies[settings.SESSION_COOKIE_NAME].value != planted


def test_wrong_password_and_unknown_address_get_the_same_answer(alice):
    known = browser().post(reverse("account_login"), {"login": alice.email, "password": "wrong password"})
    unknown = browser().post(reverse("account_login"), {"login": "nobody@example.org", "password": "wrong password"})

    def plain(response, address):
        return re.sub(
            r'name="(csrfmiddlewaretoken|idempotency_key)" value="[\w-]+"', "", response.content.decode()
        ).replace(address, "")

    assert known.status_code == unknown.status_code == 200
    assert plain(known, alice.email) == plain(unknown, "nobody@example.org")


def test_five_wrong_passwords_make_the_sixth_try_wait_also_with_the_right_one(alice):
    client = browser()
    for _ in range(5):
        client.post(reverse("account_login"), {"login": alice.email, "password": "wrong password"})

    response = client.post(reverse("account_login"), {"login": alice.email, "password": factories.PASSWORD})

    assert response.status_code == 429
    assert 0 < int(response["Retry-After"]) <= 300
    assert not is_signed_in(client)


def test_the_limit_of_wrong_passwords_stands_when_redis_forgot(alice, redis_server):
    for _ in range(5):
        browser().post(reverse("account_login"), {"login": alice.email, "password": "wrong password"})
        redis_server.flushdb()

    response = browser().post(reverse("account_login"), {"login": alice.email, "password": factories.PASSWORD})

    assert response.status_code == 429


def test_failures_of_an_unknown_address_are_counted_without_keeping_it(db):
    for _ in range(5):
        browser().post(reverse("account_login"), {"login": "ghost@example.org", "password": "wrong password"})

    response = browser().post(reverse("account_login"), {"login": "Ghost@example.org", "password": "wrong password"})

    assert response.status_code == 429
    assert not any("ghost" in str(vars(event)).lower() for event in SecurityEvent.objects.all())


def test_an_inactive_person_cannot_sign_in(db):
    alice = factories.user(active=False)
    client = browser()

    client.post(reverse("account_login"), {"login": alice.email, "password": factories.PASSWORD})

    assert not is_signed_in(client)


def test_the_first_device_ever_causes_no_mail(alice):
    sign_in(alice)

    assert not mail.outbox


def test_a_second_device_is_told_by_mail_with_browser_and_system(alice):
    sign_in(alice)
    sign_in(alice, at=browser(CHROME))

    (message,) = mail.outbox
    assert message.to == [alice.email]
    assert "Chrome on Linux" in message.body
    assert "Chrome on Linux" in message.alternatives[0].content


def test_the_same_device_is_known_again_after_sign_out(alice):
    client = sign_in(alice)
    client.post(reverse("account_logout"))

    sign_in(alice, at=client)

    assert Device.objects.filter(user=alice).count() == 1
    assert not mail.outbox


def test_a_device_of_another_person_is_not_theirs_for_me(alice, mallory):
    client = sign_in(alice)
    client.post(reverse("account_logout"))

    sign_in(mallory, at=client)

    assert Device.objects.count() == 2


def test_sign_out_clears_cookie_row_and_cache_and_says_so_to_the_browser(alice, redis_server):
    client = sign_in(alice)
    is_signed_in(client)
    row = row_of(client)

    response = client.post(reverse("account_logout"))

    assert response["Clear-Site-Data"] == '"cache", "storage"'
    assert response.cookies[settings.SESSION_COOKIE_NAME]["max-age"] == 0
    assert not Session.objects.filter(pk=row.pk).exists()
    assert not redis_server.exists("session:" + bytes(row.token_hash).hex())
    assert client.cookies[settings.DEVICE_COOKIE_NAME].value


def test_signed_in_pages_are_kept_by_nobody(alice):
    client = sign_in(alice)

    response = client.get(reverse("sessions_app:devices"))

    assert "no-store" in response["Cache-Control"]


def test_cookies_have_the_attributes_that_keep_them_ours(alice):
    client = sign_in(alice)
    for name in (settings.SESSION_COOKIE_NAME, settings.DEVICE_COOKIE_NAME):
        cookie = client.cookies[name]
        assert cookie["httponly"]
        assert cookie["samesite"] == "Lax"
        assert cookie["path"] == "/"
        assert not cookie["domain"]
    assert client.cookies[settings.SESSION_COOKIE_NAME]["max-age"] == ""
