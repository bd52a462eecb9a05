"""Many at once: exactly what fits is granted, and without the locks more would be."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.db import connection, transaction

from quotas.models import Account, Grant
from quotas.services import errors, grants, reserving, statements
from tests.quotas.conftest import account, limit, must_balance, numbers
from tests.quotas.test_grants import reserve
from tests.races import race, until_somebody_waits

pytestmark = pytest.mark.django_db(transaction=True)


# --- At once ----------------------------------------------------------------------------------------------


def many(user, count, threads=32, call=None):
    call = call or (lambda number: reserve(user, 1, key=f"k{number}"))

    def one(number):
        try:
            return call(number)
        except errors.QuotaExceeded:
            return None
        finally:
            if not connection.in_atomic_block:
                connection.close()

    with ThreadPoolExecutor(threads) as pool:
        return [each for each in pool.map(one, range(count)) if each is not None]


def test_thirty_two_at_once_are_granted_exactly_what_fits(alice):
    limit(alice, 100)

    assert len(many(alice, 160)) == 100
    assert numbers(alice) == (0, 100)
    must_balance(plain_grants=True)


def test_without_the_lock_more_is_granted_than_fits(alice, monkeypatch):
    """The control: two processes, each with a counter of its own, and accounts that nobody locks."""
    limit(alice, 100)
    reserve(alice, 1, key="first")
    lock, members = "FOR NO KEY UPDATE OF a", get_user_model().groups.through._meta.db_table
    assert lock in statements.QUICK
    assert lock in statements.ACCOUNTS
    monkeypatch.setattr(statements, "CALL", statements.QUICK.format(members=members).replace(lock, ""))
    monkeypatch.setattr(statements, "ACCOUNTS", statements.ACCOUNTS.replace(lock, ""))

    granted = many(alice, 160, call=lambda number: serve_alone(alice, f"k{number}"))

    assert len(granted) > 99


def test_the_functions_in_postgres_are_what_is_written_here(db):
    members = get_user_model().groups.through._meta.db_table

    with connection.cursor() as cursor:
        cursor.execute("SELECT proname, prosrc FROM pg_proc WHERE proname LIKE 'quotas\\_%%' ORDER BY proname")
        found = cursor.fetchall()

    assert found == [("quotas_reserve", statements.body(members=members)), ("quotas_use", statements.USE_BODY)]


def test_counters_of_several_processes_grant_together_what_fits(alice):
    limit(alice, 100)

    granted = many(alice, 160, call=lambda number: serve_alone(alice, f"k{number}"))

    assert len(granted) == 100


def serve_alone(user, key):
    ticket = reserving.Ticket(user.pk, key, "storage", 1, 0, timedelta(hours=1))
    reserving.Counter().serve(ticket)
    if ticket.grant is None:
        raise ticket.error
    return ticket.grant


def test_a_wish_that_fails_does_not_fail_its_neighbours(alice):
    good = reserving.Ticket(alice.pk, "good", "storage", 1, 0, timedelta(hours=1))
    bad = reserving.Ticket(alice.pk, "bad\0", "storage", 1, 0, timedelta(hours=1))

    reserving._serve([bad, good])

    assert good.grant is not None
    assert bad.grant is None
    assert bad.error is not None


def test_what_is_reserved_inside_a_transaction_stands_or_falls_with_it(alice):
    with transaction.atomic(durable=True):
        reserve(alice, 10)
        transaction.set_rollback(True)

    assert not Grant.objects.filter(user=alice).exists()


def test_two_commits_of_one_grant_at_once_use_it_once(alice):
    grant = reserve(alice, 10)

    results = race(*[lambda: grants.commit(grant_id=grant.pk, amount=10) for _ in range(4)])

    assert sorted(results) == [False, False, False, True]
    assert numbers(alice) == (10, 0)
    must_balance(plain_grants=True)


@pytest.fixture
def without_lock(monkeypatch):
    """Let commits go by a function that lacks one of its locks."""

    def take_out(lock):
        assert lock in statements.USE_BODY
        lacking = statements.USE_FUNCTION.replace("quotas_use", "quotas_lacking")
        lacking = lacking.replace(lock, lock.removesuffix(" FOR NO KEY UPDATE"))
        with connection.cursor() as cursor:
            cursor.execute(lacking)
        monkeypatch.setattr(statements, "USE", statements.USE.replace("quotas_use", "quotas_lacking"))

    yield take_out
    with connection.cursor() as cursor:
        cursor.execute("DROP FUNCTION IF EXISTS quotas_lacking")


def commit_while_the_account_is_locked(user, grant, commits, **changed):
    """Let so many commits of one grant wait at its account, which is changed meanwhile."""

    def change():
        with transaction.atomic(durable=True):
            Account.objects.filter(user=user, resource="storage").update(**changed)
            reached.set()
            until_somebody_waits()

    def commit():
        assert reached.wait(20)
        return grants.commit(grant_id=grant.pk, amount=grant.amount)

    reached = threading.Event()
    return race(change, *[commit] * commits)[1:]


GRANT_LOCK = "WHERE id = $1 FOR NO KEY UPDATE"
ACCOUNT_LOCK = "ORDER BY id FOR NO KEY UPDATE"


@pytest.mark.parametrize(("lock", "used"), [(None, 10), (GRANT_LOCK, 20)])
def test_without_the_lock_of_the_grant_two_commits_use_it_twice(alice, without_lock, lock, used):
    grant = reserve(alice, 10)
    reserve(alice, 10, key="another, so that what is reserved stays above zero")
    if lock:
        without_lock(lock)

    commit_while_the_account_is_locked(alice, grant, 2, hard=10**9)

    assert numbers(alice)[0] == used


@pytest.mark.parametrize("locked", [True, False])
def test_without_the_lock_of_the_accounts_a_new_soft_limit_is_passed_unseen(alice, without_lock, locked):
    grant = reserve(alice, 10)
    if not locked:
        without_lock(ACCOUNT_LOCK)

    commit_while_the_account_is_locked(alice, grant, 1, soft=5)

    assert (account(alice).soft_passed_at is not None) == locked


def test_a_commit_and_a_release_at_once_do_one_of_the_two(alice):
    for number in range(5):
        grant = reserve(alice, 10, key=f"k{number}")
        race(
            lambda: grants.commit(grant_id=grant.pk, amount=10),  # noqa: B023
            lambda: grants.release(key=grant.key, user_id=alice.pk),  # noqa: B023
        )

    must_balance(plain_grants=True)
