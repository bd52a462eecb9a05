"""The people of these tests."""

import pytest

from tests import factories


@pytest.fixture
def alice(db):
    return factories.user(name="alice")


@pytest.fixture
def mallory(db):
    return factories.user(name="mallory")
