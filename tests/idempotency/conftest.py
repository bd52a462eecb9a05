"""People and browsers at a small hall behind keys."""

import uuid

import pytest
from django.test import Client

from tests import factories


@pytest.fixture(autouse=True)
def small_hall(settings):
    settings.ROOT_URLCONF = "tests.idempotency.hall"


@pytest.fixture
def alice(db):
    return factories.user(name="alice")


@pytest.fixture
def mallory(db):
    return factories.user(name="mallory")


@pytest.fixture
def at_alices(alice):
    return signed_in(alice)


@pytest.fixture
def at_mallorys(mallory):
    return signed_in(mallory)


def signed_in(user, **options):
    browser = Client(raise_request_exception=False, **options)
    browser.force_login(user)
    return browser


@pytest.fixture
def key():
    return str(uuid.uuid4())
