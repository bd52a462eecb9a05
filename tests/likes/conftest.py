import pytest

from tests import factories


@pytest.fixture
def alice(db):
    return factories.user(name="alice")


@pytest.fixture
def bob(db):
    return factories.user(name="bob")


@pytest.fixture
def bread(alice):
    """Alice's discussion."""
    return factories.discussion(by=alice)


@pytest.fixture
def at_bob(client, bob):
    client.force_login(bob)
    return client
