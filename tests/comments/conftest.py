from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import Permission

from tests import factories

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def alice(db):
    return factories.user(name="alice", joined_at=LONG_AGO)


@pytest.fixture
def bob(db):
    return factories.user(name="bob", joined_at=LONG_AGO)


@pytest.fixture
def at_alice(client, alice):
    client.force_login(alice)
    return client


@pytest.fixture
def bread(alice):
    return factories.discussion(by=alice)


def moderator(name):
    user = factories.user(name=name, joined_at=LONG_AGO)
    user.user_permissions.add(Permission.objects.get(codename="moderate", content_type__app_label="comments"))
    return user


@pytest.fixture
def mona(db):
    return moderator("mona")


@pytest.fixture
def milo(db):
    return moderator("milo")


@pytest.fixture
def at_mona(client, mona):
    client.force_login(mona)
    return client


@pytest.fixture
def rude(bread, bob):
    return factories.comment(on=bread, by=bob, body="You cannot bake.")
