"""Each constraint refuses what it names, also when no service stands before it."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from sessions_app.models import ApiToken, Device, Session, User
from tests import factories

pytestmark = pytest.mark.django_db


def refused(name):
    return pytest.raises(IntegrityError, match=name)


def test_a_mail_address_is_unique_in_any_case():
    factories.user(name="alice")

    with refused("user_email_is_unique_in_any_case"), transaction.atomic(savepoint=True):
        User.objects.create(email="ALICE@example.org")


def test_a_token_is_known_once():
    factories.session(user=None, token="same")

    with refused("sessions_app_session_token_hash"), transaction.atomic(savepoint=True):
        factories.session(user=None, token="same")


def test_a_device_is_known_once_to_a_person():
    alice = factories.user()
    factories.device(user=alice)

    with refused("device_is_known_once_to_a_person"), transaction.atomic(savepoint=True):
        Device.objects.create(user=alice, token_hash=Device.objects.get().token_hash)


def test_the_idle_limit_lies_within_the_absolute_one():
    with refused("session_idle_limit_within_absolute"), transaction.atomic(savepoint=True):
        factories.session(user=None, token="late", idle=timedelta(hours=2), absolute=timedelta(hours=1))


@pytest.mark.parametrize("fields", [{"revoked_at": timezone.now()}, {"revoked_because": "person"}])
def test_a_revocation_has_a_moment_and_a_reason(fields):
    row = factories.session(user=None, token="row")

    with refused("session_revoked_with_a_reason"), transaction.atomic(savepoint=True):
        Session.objects.filter(pk=row.pk).update(**fields)


@pytest.mark.parametrize("scopes", [[], ["admin"], ["read", "admin"]])
def test_a_token_has_known_scopes(scopes):
    token = factories.api_token(user=factories.user())

    with refused("api_token_has_known_scopes"), transaction.atomic(savepoint=True):
        ApiToken.objects.filter(pk=token.pk).update(scopes=scopes)
