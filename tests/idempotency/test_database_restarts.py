"""Postgres ends with a commit under way: nobody knows whether it counts, and the retry has exactly one effect.

Each test has a Postgres of its own. That a commit is written and not yet confirmed is arranged with a standby that does
not exist: Postgres waits for it after the commit is on the disk.
"""

import threading

import pytest

from tests import faults
from tests.faults.servers import Web

WEB = {"DJANGO_SETTINGS_MODULE": "tests.idempotency.web_settings"}
COOKIES = {"csrftoken": "c" * 32}
NOTED = "idempotency.claims.note_effect:after"


@pytest.fixture
def database():
    with faults.postgres() as postgres:
        env = {"DATABASE_URL": postgres.url}
        with faults.process(["manage.py", "migrate", "--verbosity=0"], env=env) as migrate:
            assert migrate.wait() == 0, migrate.output()
        yield postgres


def ask(database, sql):
    with database.connect() as there:
        found = there.execute(sql)
        return found.fetchone()[0] if found.description else None


def effects(database):
    return ask(database, "SELECT count(*) FROM sessions_app_securityevent WHERE note LIKE 'effect%'")


def send(web):
    return web.request("POST", "/easy", cookies=COOKIES, headers={"Idempotency-Key": "one"}, body="amount=5")


def sending(web):
    client = threading.Thread(target=send, args=(web,))
    client.start()
    return client


def retried(database, web):
    """Return the statuses of a retry after the lease and of one more."""
    ask(database, "UPDATE idempotency_record SET lease_expires_at = now() - interval '1 second'")
    faults.until(lambda: web.request("GET", "/readyz").status == 200, "the web process finds Postgres again")
    first, again = send(web), send(web)
    assert again.headers["Idempotent-Replayed"] == "true"
    return first.status, first.headers["Idempotent-Replayed"], again.status


def test_a_commit_that_never_reached_postgres_is_done_by_the_retry(database):
    with Web(stop_at=[NOTED], env=WEB | {"DATABASE_URL": database.url}) as web:
        client = sending(web)
        standing = web.reached(NOTED)
        database.stop()
        standing.go_on()
        client.join()
    database.start()
    assert effects(database) == 0

    with Web(env=WEB | {"DATABASE_URL": database.url}) as web:
        assert retried(database, web) == (201, None, 201)

    assert effects(database) == 1


def test_a_commit_that_was_written_and_never_confirmed_is_not_done_again(database):
    with Web(env=WEB | {"DATABASE_URL": database.url}) as web:
        ask(database, "ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
        ask(database, "SELECT pg_reload_conf()")
        client = sending(web)
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
        faults.until(lambda: ask(database, waiting), "the commit waits for its confirmation", process=web)
        database.stop()
        client.join()
        database.start()
        ask(database, "ALTER SYSTEM RESET synchronous_standby_names")
        ask(database, "SELECT pg_reload_conf()")
        assert effects(database) == 1

        assert retried(database, web) == (200, "true", 200)

    assert effects(database) == 1
