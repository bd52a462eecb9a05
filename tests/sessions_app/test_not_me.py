"""The link *This was not me* in the mail about a new device: it asks first, and acts once."""

from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.db import OperationalError, connection
from django.urls import reverse
from django.utils import timezone

from sessions_app import services
from sessions_app.models import SecurityEvent
from tests.races import Gate, held, race
from tests.sessions_app.conftest import CHROME, browser, is_signed_in, sign_in
from tests.sessions_app.test_sign_in import link_in

pytestmark = pytest.mark.django_db(transaction=True)
Kind = SecurityEvent.Kind


def not_me_link(alice):
    sign_in(alice)
    sign_in(alice, at=browser(CHROME))
    return link_in(mail.outbox[-1])


def resets():
    return sum("password/reset" in message.body for message in mail.outbox)


def test_the_not_me_link_asks_first_then_ends_that_session_and_starts_a_reset(alice):
    sign_in(alice)
    thief = sign_in(alice, at=browser(CHROME))
    link = link_in(mail.outbox[-1])
    asked = browser().get(link)
    still = is_signed_in(thief)

    done = browser().post(link)

    assert (asked.status_code, still) == (200, True)
    assert done.status_code == 302
    assert not is_signed_in(thief)
    assert "password/reset" in mail.outbox[-1].body


@pytest.mark.parametrize("token", ["nonsense", "a:b:c", "%00", "x" * 3000])
def test_a_forged_not_me_link_is_refused_plainly(db, token):
    response = browser().get(f"/account/not-me/{token}")

    assert response.status_code in (400, 404, 410)


def test_an_old_not_me_link_is_refused(alice):
    sign_in(alice)
    sign_in(alice, at=browser(CHROME))
    link = link_in(mail.outbox[-1])

    with time_machine.travel(timezone.now() + timedelta(days=8)):
        response = browser().post(link)

    assert response.status_code == 410


def test_a_not_me_link_of_an_account_that_is_gone_is_refused(alice):
    sign_in(alice)
    sign_in(alice, at=browser(CHROME))
    link = link_in(mail.outbox[-1])
    alice.delete()

    response = browser().post(link)

    assert response.status_code == 410


def test_a_not_me_link_followed_twice_ends_nothing_more(alice):
    sign_in(alice)
    sign_in(alice, at=browser(CHROME))
    link = link_in(mail.outbox[-1])
    browser().post(link)
    later = sign_in(alice, at=browser())

    response = browser().post(link)

    assert response.status_code == 302
    assert is_signed_in(later)
    assert SecurityEvent.objects.filter(user=alice, kind=Kind.SESSION_ENDED).count() == 1


def test_a_not_me_link_followed_twice_sends_one_letter(alice):
    link = not_me_link(alice)

    answers = [browser().post(link) for _ in range(3)]

    assert {answer["Location"] for answer in answers} == {reverse("account_reset_password_done")}
    assert resets() == 1
    assert SecurityEvent.objects.filter(user=alice, kind=Kind.DISOWNED).count() == 1


def test_a_not_me_link_followed_by_many_at_once_sends_one_letter(alice):
    link = not_me_link(alice)

    answers = race(*[lambda: browser().post(link).status_code] * 4)

    assert answers == [302] * 4
    assert resets() == 1


def test_a_second_click_on_a_not_me_link_waits_for_the_first(alice):
    token = not_me_link(alice).rpartition("/")[2]

    def follow():
        return services.disown_session(token=token, client=None)

    def impatient():
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '100ms'")
        return services.disown_session(token=token, client=None)

    with held(
        Gate(), lambda: services.disown_session(token=token, client=None), "sessions_app_user", "FOR NO KEY UPDATE"
    ) as outcome:
        (second,) = race(impatient)

    assert isinstance(second, OperationalError)
    assert outcome == [alice]
    assert follow() is None
