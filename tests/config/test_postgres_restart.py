"""A Postgres that was restarted costs no page, although every pooled connection is one that it has forgotten."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests import faults

pytestmark = pytest.mark.django_db(transaction=True)

REAL = {"DJANGO_SETTINGS_MODULE": "config.settings", "DATABASE_POOL": "on", "DATABASE_POOL_MIN": "4"}
# Each asks the database, the last two for a session that is not there.
PATHS = ["/accounts/login/", "/readyz", "/accounts/password/reset/", "/account/devices"]


def test_the_first_pages_after_a_restart_are_answered(tmp_path):
    with faults.postgres() as postgres:
        env = REAL | {"DATABASE_URL": postgres.url, "DATA_DIR": str(tmp_path)}
        with faults.process(["manage.py", "migrate", "--verbosity", "0"], env=env) as migrating:
            assert migrating.wait() == 0, migrating.output()
        with faults.web(env=env) as (hall,), ThreadPoolExecutor(4) as people:
            cookies = {"session": "n" * 43}

            def ask(path):
                return hall.request("GET", path, cookies=cookies).status

            before = list(people.map(ask, PATHS * 3))
            faults.until(lambda: backends(postgres) >= 4, "four pooled connections")
            postgres.stop()
            postgres.start()
            after = list(people.map(ask, PATHS * 3))

    assert set(before) == {200, 302}
    assert after == before


def test_while_it_is_away_one_waits_and_the_others_hear_it_at_once(tmp_path):
    with faults.postgres() as postgres:
        env = REAL | {"DATABASE_URL": postgres.url, "DATA_DIR": str(tmp_path)}
        with faults.process(["manage.py", "migrate", "--verbosity", "0"], env=env) as migrating:
            assert migrating.wait() == 0, migrating.output()
        with faults.web(env=env) as (hall,), ThreadPoolExecutor(4) as people:

            def ask(_):
                return hall.request("GET", "/account/devices", cookies={"session": "n" * 43}).status

            postgres.stop()
            away = list(people.map(ask, range(8)))
            said = hall.output()
            postgres.start()
            faults.until(lambda: hall.request("GET", "/readyz").status == 200, "the hall finds Postgres again")
            after = list(people.map(ask, range(8)))

    assert set(away) == {503}
    assert "couldn't get a connection" in said
    assert "somebody waits for it already" in said
    assert set(after) == {302}


def backends(postgres):
    with postgres.connect() as there:
        row = there.execute(
            "select count(*) from pg_stat_activity where datname = 'guildhall' and pid <> pg_backend_pid()"
        ).fetchone()
        return row[0]
