"""Grants to one hot person, in each of the ways that are compared; one process of several."""

import itertools
import random
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from django.db import connection, transaction

from bench.rounds import percentiles
from quotas.models import Account, Grant
from quotas.services import grants, limits
from quotas.services.errors import QuotaExceeded
from sessions_app.models import User

SLOTS = 16
PLAIN = "UPDATE bench_quota SET used = used + 1 WHERE id = 1 AND used + 1 <= allowed RETURNING id"
UNHURRIED = """
UPDATE bench_quota SET used = used + 1
FROM (SELECT set_config('synchronous_commit', 'off', true)) AS unhurried
WHERE id = 1 AND used + 1 <= allowed RETURNING id
"""
ESCROW = "UPDATE bench_slot SET used = used + 1 WHERE id = %s AND used + 1 <= allowed RETURNING id"
ESCROW_UNHURRIED = """
UPDATE bench_slot SET used = used + 1
FROM (SELECT set_config('synchronous_commit', 'off', true)) AS unhurried
WHERE id = %s AND used + 1 <= allowed RETURNING id
"""


@cache
def person() -> int:
    return User.objects.get_or_create(email="hot@example.org", defaults={"password": "unusable"})[0].pk


def begin(way: str, limit: int) -> None:
    """Let the person have this limit, and nothing used."""
    if way == "ours":
        Grant.objects.all().delete()
        Account.objects.update(used=0, reserved=0)
        limits.grant_override(user_id=person(), resource="storage", hard=limit, by=None, reason="a round")
        return
    if way == "django_quotas":
        _begin_peer(limit)
        return
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS bench_quota, bench_slot")
        cursor.execute("CREATE TABLE bench_quota (id int PRIMARY KEY, used bigint NOT NULL, allowed bigint NOT NULL)")
        cursor.execute("CREATE TABLE bench_slot (LIKE bench_quota INCLUDING ALL)")
        cursor.execute("INSERT INTO bench_quota VALUES (1, 0, %s)", [limit])
        parts = [limit // SLOTS + (number < limit % SLOTS) for number in range(SLOTS)]
        cursor.executemany("INSERT INTO bench_slot VALUES (%s, 0, %s)", list(enumerate(parts)))


def _begin_peer(limit: int) -> None:
    from django_quotas.backends.db.models import QuotaUsageModel
    from django_quotas.base.dto import ValuePerBucket

    QuotaUsageModel.objects.all().delete()
    _peer().set_quota(person(), "uploads", ValuePerBucket(total=min(limit, 2**31 - 1)))
    # The first hour's row is made before the race: two at once would be refused by its key.
    _peer().register_usage(str(person()), "uploads", 0)


@cache
def _peer():
    from django_quotas.backends.db.service import DbQuotaService

    return DbQuotaService()


def _ours() -> bool:
    try:
        grants.reserve(key=uuid.uuid4().hex, user_id=person(), resource="storage", amount=1)
    except QuotaExceeded:
        return False
    return True


def _django_quotas() -> bool:
    from django_quotas.base.service import QuotaExceededError

    try:
        _peer().ensure_quota_or_raise(str(person()), "uploads", 1)
    except QuotaExceededError:
        return False
    _peer().register_usage(str(person()), "uploads", 1)
    return True


def _one(statement: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone() is not None


def _slot(statement: str) -> bool:
    """Try a slot, and where it is dry every other one: nobody is refused while there is room."""
    first = random.randrange(SLOTS)
    with connection.cursor() as cursor:
        for step in range(SLOTS):
            cursor.execute(statement, [(first + step) % SLOTS])
            if cursor.fetchone() is not None:
                return True
    return False


WAYS: dict[str, Callable[[], bool]] = {
    "ours": _ours,
    "django_quotas": _django_quotas,
    "plain": lambda: _one(PLAIN),
    "unhurried": lambda: _one(UNHURRIED),
    "escrow": lambda: _slot(ESCROW),
    "escrow_unhurried": lambda: _slot(ESCROW_UNHURRIED),
}


def warm(way: str, threads: int) -> None:
    """Have the connections open, and the person known."""
    person()


def ask(way: str, wishes: int, threads: int) -> tuple[int, float]:
    """Wish so often with so many threads; return how many were granted, and the seconds it took."""
    grant, numbers = WAYS[way], itertools.count()
    barrier = threading.Barrier(threads + 1)

    def work() -> int:
        connection.ensure_connection()
        barrier.wait()
        granted = 0
        try:
            while next(numbers) < wishes:
                granted += grant()
        finally:
            connection.close()
        return granted

    with ThreadPoolExecutor(threads) as pool:
        futures = [pool.submit(work) for _ in range(threads)]
        barrier.wait()
        start = time.perf_counter()
        granted = sum(future.result() for future in futures)
        return granted, time.perf_counter() - start


def added(times: int, threads: int) -> dict[str, float]:
    """Return what a reservation, and it with its commit, take an upload, in ms."""
    people = [User.objects.get_or_create(email=f"p{number}@example.org")[0].pk for number in range(threads)]
    for pk in people:
        limits.grant_override(user_id=pk, resource="storage", hard=10**12, by=None, reason="a round")
    reserves: list[float] = []
    both: list[float] = []

    def upload(pk: int) -> None:
        connection.ensure_connection()
        for _ in range(times):
            start = time.perf_counter()
            grant = grants.reserve(key=uuid.uuid4().hex, user_id=pk, resource="storage", amount=1000, objects=1)
            reserves.append(time.perf_counter() - start)
            with transaction.atomic(durable=True):
                grants.commit(grant_id=grant.pk, amount=1000, objects=1)
            both.append(time.perf_counter() - start)
        connection.close()

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(upload, people))
    named = {"reserve": percentiles(reserves, per="ms"), "both": percentiles(both, per="ms")}
    return {f"{what} {name}": value for what, found in named.items() for name, value in found.items()}
