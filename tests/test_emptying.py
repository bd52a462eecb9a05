"""Between two tests with transactions of their own nothing stays but what migrations made for good."""

import pytest
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command

from sessions_app.models import SecurityEvent, Session, User
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


def flush():
    call_command("flush", interactive=False, verbosity=0)


def test_people_go_and_what_nobody_may_delete_goes_too():
    factories.session(user=factories.user(), token="one")
    factories.security_event(user=User.objects.get())
    assert SecurityEvent.objects.exists()

    flush()

    assert not any(model.objects.exists() for model in (User, Session, SecurityEvent))


def test_kinds_and_permissions_stay():
    before = ContentType.objects.count(), Permission.objects.count()

    flush()

    assert min(before) > 50
    assert (ContentType.objects.count(), Permission.objects.count()) == before
