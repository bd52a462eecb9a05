import pytest

from tests import factories


@pytest.fixture
def alice(db):
    return factories.user(name="alice")


@pytest.fixture
def bob(db):
    return factories.user(name="bob")


@pytest.fixture
def at_alice(client, alice):
    client.force_login(alice)
    return client
