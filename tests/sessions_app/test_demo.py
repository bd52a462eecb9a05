"""The people of the demo hall: as many and as different as in a real one, and the five of the stories can sign in."""

from datetime import timedelta

import pytest
from django.contrib.auth.hashers import check_password
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from lib import demo
from sessions_app.models import SecurityEvent, Session, User
from tests.demo import seed

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def demo_mode(settings):
    settings.DEMO = True


def test_the_hall_is_believable():
    seed()

    now = timezone.now()
    log = SecurityEvent.objects.order_by("pk")
    assert User.objects.filter(is_staff=False).count() >= 25
    assert User.objects.filter(is_staff=True).count() == 2
    assert User.objects.values("time_zone").distinct().count() > 10
    assert Session.objects.active().values("user").distinct().count() > 10
    assert set(Session.objects.values_list("revoked_because", flat=True)) == {"", "person", "deactivated"}
    assert [event.at for event in log] == sorted(event.at for event in log)
    assert log.filter(at__lt=now - timedelta(weeks=3), kind="signed_in").exists()
    assert not log.filter(at__gt=now).exists()
    assert not Session.objects.filter(last_seen_at__gt=now).exists()


@pytest.mark.parametrize("name", demo.LEADS)
def test_the_five_can_sign_in(name, settings):
    seed()

    client = Client()
    response = client.post(reverse("account_login"), {"login": demo.address(name), "password": settings.DEMO_PASSWORD})

    assert response["Location"] == reverse("home")
    assert client.get(reverse("sessions_app:devices")).status_code == 200
    assert client.get(reverse("admin:index")).status_code == (200 if name == "olga" else 302)


def test_the_password_is_hashed_once(settings):
    settings.DEMO_PASSWORD = "a password of this hall"

    seed()

    (hashed,) = User.objects.values_list("password", flat=True).distinct()
    assert check_password("a password of this hall", hashed)


def test_the_account_that_was_closed_has_no_session_and_lets_nobody_in(settings):
    seed()
    closed = User.objects.get(is_active=False)

    response = Client().post(reverse("account_login"), {"login": closed.email, "password": settings.DEMO_PASSWORD})

    assert response["Location"] != reverse("home")
    assert not Session.objects.active().filter(user=closed).exists()
