from datetime import UTC, datetime

import pytest

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
