"""Reserve, commit, release: each once, all scopes or none, and never past the limit together."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction
from django.utils import timezone

from quotas import allowance, resources
from quotas.models import Account, Grant, Plan, UsageEvent
from quotas.services import errors, grants, limits, reconciling
from quotas.services.ledger import Sheet, post
from tests import factories
from tests.quotas.conftest import account, limit, must_balance, numbers
from tests.races import race

pytestmark = pytest.mark.django_db(transaction=True)


def reserve(user, amount, key="k", **options):
    return grants.reserve(key=key, user_id=user.pk, resource="storage", amount=amount, **options)


def test_what_is_reserved_is_held_and_what_is_committed_is_used(alice):
    grant = reserve(alice, 100)
    assert numbers(alice) == (0, 100)

    grants.commit(grant_id=grant.pk, amount=80)

    assert numbers(alice) == (80, 0)
    must_balance(plain_grants=True)


def test_one_key_is_granted_once_and_used_once(alice):
    first, again = reserve(alice, 100), reserve(alice, 100)
    for _ in "12":
        grants.commit(grant_id=first.pk, amount=100)

    assert first.pk == again.pk
    assert numbers(alice) == (100, 0)
    assert UsageEvent.objects.filter(account=account(alice)).count() == 1


def test_a_repetition_is_answered_also_when_it_is_full_by_now(alice):
    limit(alice, 100)
    first = reserve(alice, 100)

    assert reserve(alice, 100).pk == first.pk
    with pytest.raises(errors.QuotaExceeded):
        reserve(alice, 1, key="another")


def test_more_than_was_held_is_checked_again(alice):
    limit(alice, 100)
    grant = reserve(alice, 60)
    reserve(alice, 30, key="other")

    with pytest.raises(errors.QuotaExceeded):
        grants.commit(grant_id=grant.pk, amount=71)
    grants.commit(grant_id=grant.pk, amount=70)

    assert numbers(alice) == (70, 30)
    must_balance(plain_grants=True)


def test_what_is_released_is_free_and_cannot_be_committed(alice):
    grant = reserve(alice, 100)

    assert grants.release(key="k", user_id=alice.pk) is True
    assert grants.release(key="k", user_id=alice.pk) is False

    assert numbers(alice) == (0, 0)
    with pytest.raises(errors.GrantGone):
        grants.commit(grant_id=grant.pk, amount=100)
    with pytest.raises(errors.GrantGone):
        reserve(alice, 100)
    must_balance(plain_grants=True)


def test_a_release_leaves_what_is_used_alone(alice):
    grants.commit(grant_id=reserve(alice, 10).pk, amount=10)

    assert grants.release(key="k", user_id=alice.pk) is False
    assert numbers(alice) == (10, 0)


def test_what_nobody_commits_comes_back_when_the_lease_ends(alice):
    reserve(alice, 100, lease=timedelta(minutes=1))
    assert grants.release_lapsed() == 0

    Grant.objects.update(lease_ends_at=timezone.now() - timedelta(seconds=1))

    assert race(grants.release_lapsed, grants.release_lapsed).count(1) == 1
    assert numbers(alice) == (0, 0)
    must_balance(plain_grants=True)


@pytest.mark.parametrize("amount", [-1, 2**63, -(2**63)])
def test_an_amount_that_is_none_is_refused(alice, amount):
    with pytest.raises(errors.AmountInvalid):
        reserve(alice, amount)


def test_the_largest_amount_fits_once_into_no_limit(alice):
    limit(alice, None)
    reserve(alice, 2**63 - 1)

    with pytest.raises(errors.QuotaExceeded):
        reserve(alice, 1, key="another")


def test_nothing_can_be_reserved_of_what_nobody_registered(alice):
    with pytest.raises(errors.UnknownResource):
        grants.reserve(key="k", user_id=alice.pk, resource="biscuits", amount=1)


def test_nobody_gets_nothing_for_a_person_who_is_not_there(plans):
    with pytest.raises(errors.QuotaError):
        grants.reserve(key="k", user_id=2**40, resource="storage", amount=1)


# --- Scopes -----------------------------------------------------------------------------------------------


@pytest.fixture
def club(alice):
    row = Group.objects.create(name="club")
    alice.groups.add(row)
    limits.change_plan(plan_id=Plan.objects.get(slug="member").pk, group_id=row.pk, by=None, why="a test")
    return row


def group_numbers(group):
    row = Account.objects.get(group=group, resource="storage")
    return row.used, row.reserved


def hall_numbers():
    row = Account.objects.get(user=None, group=None, resource="storage")
    return row.used, row.reserved


def test_every_scope_is_charged(alice, club):
    reserve(alice, 10)

    assert (numbers(alice), group_numbers(club), hall_numbers()) == ((0, 10), (0, 10), (0, 10))


@pytest.mark.parametrize("scope", ["group", "hall"])
def test_one_scope_that_is_full_refuses_and_the_others_keep_nothing(alice, club, scope):
    holder = {"group_id": club.pk} if scope == "group" else {}
    limits.grant_override(resource="storage", hard=5, by=None, reason="a test", **holder)

    with pytest.raises(errors.QuotaExceeded) as refusal:
        reserve(alice, 6)

    assert refusal.value.holder == ("club" if scope == "group" else "the hall")
    assert reserve(alice, 5).amount == 5
    assert (numbers(alice), group_numbers(club), hall_numbers()) == ((0, 5), (0, 5), (0, 5))


def test_who_is_in_no_group_does_not_charge_it(alice, club, mallory):
    reserve(mallory, 10)

    assert group_numbers(club) == (0, 0)


# --- Soft limits and windows ------------------------------------------------------------------------------


def test_the_soft_limit_may_be_passed_for_the_time_of_a_grace(alice):
    limit(alice, 100, soft=50)
    grants.commit(grant_id=reserve(alice, 60).pk, amount=60)
    assert reserve(alice, 10, key="within the grace").amount == 10

    Account.objects.filter(pk=account(alice).pk).update(soft_passed_at=timezone.now() - allowance.GRACE)

    with pytest.raises(errors.QuotaExceeded):
        reserve(alice, 1, key="after it")
    limits.extend_grace(account_id=account(alice).pk, until=timezone.now() + timedelta(days=1), by=None, why="a fair")
    assert reserve(alice, 1, key="extended").amount == 1


def test_below_the_soft_limit_the_grace_begins_anew(alice):
    limit(alice, 100, soft=50)
    grant = reserve(alice, 60)
    grants.commit(grant_id=grant.pk, amount=60)
    assert account(alice).soft_passed_at is not None

    grants.give_back(grant_ids=[grant.pk])

    assert account(alice).soft_passed_at is None


@pytest.fixture
def mails():
    resource = resources.Resource("mails", "mails", unit="mails", window="day")
    resources.register(resource)
    yield resource
    resources.unregister("mails")


def test_a_window_counts_for_itself(alice, mails):
    limit(alice, 2, resource="mails")
    for key in "ab":
        grants.consume(key=key, user_id=alice.pk, resource="mails")
    with pytest.raises(errors.QuotaExceeded):
        grants.consume(key="c", user_id=alice.pk, resource="mails")

    Account.objects.filter(resource="mails").update(window_on=timezone.localdate() - timedelta(days=1))

    assert grants.consume(key="c", user_id=alice.pk, resource="mails").state == "used"
    must_balance(plain_grants=True)


def test_what_is_consumed_under_one_key_counts_once(alice, mails):
    for _ in "12":
        grants.consume(key="a", user_id=alice.pk, resource="mails", amount=3)

    assert numbers(alice, "mails") == (3, 0)


# --- The ledger -------------------------------------------------------------------------------------------


def test_a_repair_sets_numbers_to_their_rows_and_keeps_what_it_found(alice):
    grants.commit(grant_id=reserve(alice, 10).pk, amount=10)
    Account.objects.filter(pk=account(alice).pk).update(used=99, reserved=1)

    found = reconciling.reconcile(repair=True, user_id=alice.pk)

    assert {(drift.kind, drift.found, drift.expected) for drift in found} >= {("used", 99, 10), ("reserved", 1, 0)}
    assert numbers(alice) == (10, 0)
    must_balance(plain_grants=True)


def test_numbers_below_zero_are_refused_by_the_database(alice):
    reserve(alice, 5)
    sheet = Sheet()
    sheet.reserve({account(alice).pk: 6}, -1)
    with pytest.raises(IntegrityError, match="account_reserved_is_not_negative"), transaction.atomic(durable=True):
        post(sheet=sheet)


def test_a_stranger_to_a_plan_has_the_default(plans):
    bob = factories.user(name="bob")
    reserve(bob, 1)

    assert account(bob).hard == 5_000_000_000
