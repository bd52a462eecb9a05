"""People with small limits, and a storage that each test finds empty."""

import io
import itertools

import pytest
from django.test import Client
from django.utils import timezone

from quotas.models import Account, Grant, Plan, PlanLimit
from quotas.services import limits, reconciling, uploads
from tests import factories

NUMBERS = itertools.count(1)


@pytest.fixture(autouse=True)
def empty_storage(settings, tmp_path):
    settings.STORAGES = settings.STORAGES | {
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(tmp_path / "files")},
        }
    }
    return tmp_path / "files"


@pytest.fixture
def plans(transactional_db):
    """The plans of the migration, which a test of real transactions before this one emptied."""
    return make_plans()


def make_plans():
    for slug, default_for, hard in (("free", "person", 5_000_000_000), ("member", "", 10**11), ("hall", "hall", None)):
        plan, _ = Plan.objects.get_or_create(slug=slug, defaults={"name": slug.title(), "default_for": default_for})
        PlanLimit.objects.update_or_create(plan=plan, resource="storage", defaults={"hard": hard, "soft": None})


@pytest.fixture
def alice(plans):
    return factories.user(name="alice")


@pytest.fixture
def mallory(plans):
    return factories.user(name="mallory")


@pytest.fixture
def at_alices(alice):
    return signed_in(alice)


@pytest.fixture
def at_mallorys(mallory):
    return signed_in(mallory)


def signed_in(user):
    browser = Client(raise_request_exception=False)
    browser.force_login(user)
    return browser


def limit(user, hard, *, soft=None, resource="storage"):
    limits.grant_override(user_id=user.pk, resource=resource, hard=hard, soft=soft, by=None, reason="a test")


def account(user, resource="storage"):
    return Account.objects.current(timezone.now()).get(user=user, resource=resource)


def numbers(user, resource="storage"):
    row = account(user, resource)
    return row.used, row.reserved


def stored(user, size=10, name="plan.txt", **options):
    return uploads.store(user_id=user.pk, name=name, size=size, stream=io.BytesIO(b"x" * size), **options)


def must_balance(*, plain_grants=False):
    """Invariant 2, for everybody; `plain_grants` of storage have no file in tests of grants alone."""
    found = reconciling.reconcile()
    assert [drift for drift in found if not (plain_grants and drift.kind == "stray")] == []


def must_fit():
    """Invariant 1: nothing that holds a reservation is above its limit unless a smaller limit came later."""
    over = [row for row in Account.objects.exclude(hard=None) if row.used + row.reserved > row.hard]
    assert over == []


def held(user):
    return Grant.objects.held().filter(user=user)
