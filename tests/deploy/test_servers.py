"""Postgres and Redis for as long as a command runs."""

import os
import signal
import sys
from pathlib import Path

import psycopg
import pytest

from tests.deploy.conftest import all_gone

# Says the two addresses, then waits to be stopped.
WAIT = "import os, signal; print('up', os.environ['DATABASE_URL'], os.environ['REDIS_URL'], flush=True); signal.pause()"
QUERY = """
import os, psycopg, redis
with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
    {sql}
with redis.Redis.from_url(os.environ["REDIS_URL"]) as client:
    {redis}
"""


def python(code: str) -> list[str]:
    return ["--", sys.executable, "-c", code]


def test_the_command_gets_both_servers_and_its_exit_code_comes_back(start):
    code = QUERY.format(sql="print(connection.execute('show server_version').fetchone())", redis="client.ping()")

    done = start("servers", *python(f"{code}\nraise SystemExit(7)"))

    assert done.end() == 7, done.output


def test_the_data_is_there_at_the_next_start(start):
    first = QUERY.format(sql="connection.execute('create table kept as select 42')", redis="client.set('kept', 1)")
    again = QUERY.format(sql="connection.execute('select * from kept')", redis="assert client.get('kept') == b'1'")

    assert start("servers", *python(first)).end() == 0
    second = start("servers", *python(again))

    assert second.end() == 0, second.output


def test_fast_servers_start_empty_and_leave_nothing(start, data_folder):
    done = start("servers", "--fast", *python(QUERY.format(sql="pass", redis="pass")))

    assert done.end() == 0, done.output
    assert [path.name for path in data_folder.iterdir()] == ["fast.lock"]


def test_what_is_set_is_used_and_nothing_is_started(start, data_folder):
    addresses = {"DATABASE_URL": "postgres://elsewhere/hall", "REDIS_URL": "redis://elsewhere/0"}

    done = start("servers", *python(WAIT.replace("signal.pause()", "0")), **addresses)

    assert done.end() == 0
    assert done.lines == ["up postgres://elsewhere/hall redis://elsewhere/0"]
    assert list(data_folder.iterdir()) == []


@pytest.mark.parametrize("mode", [[], ["--fast"]], ids=["durable", "fast"])
def test_killed_without_warning_it_leaves_no_process_and_no_lock(start, mode):
    killed = start("servers", *mode, *python(WAIT))
    killed.wait_for_line("up")
    family = killed.family()

    killed.send(signal.SIGKILL)

    assert all_gone(family)
    again = start("servers", *mode, *python(QUERY.format(sql="pass", redis="pass")))
    assert again.end() == 0, again.output


def test_a_lock_of_a_process_that_is_gone_is_no_hindrance(start, data_folder):
    assert start("servers", "--", "true").end() == 0
    # The number of a living process that is no Postgres: what a crash and a reused number leave behind.
    pidfile = data_folder / "postgres" / "postmaster.pid"
    pidfile.write_text(f"{os.getpid()}\n{data_folder}/postgres\n1\n5432\n\n127.0.0.1\n\nready\n")
    pidfile.chmod(0o644)

    again = start("servers", "--", "true")

    assert again.end() == 0, again.output


def test_a_second_start_on_the_same_data_is_told_who_holds_it(start):
    first = start("servers", *python(WAIT))
    first.wait_for_line("up")

    second = start("servers", "--", "true")

    assert second.end() == 1
    assert len(second.lines) == 1
    assert f"in use by process {first.process.pid}" in second.output


def test_the_command_is_stopped_with_the_servers(start):
    started = start("servers", *python(WAIT))
    started.wait_for_line("up")
    family = started.family()

    started.send(signal.SIGTERM)

    assert started.end() == 128 + signal.SIGTERM
    assert all_gone(family)


@pytest.mark.parametrize("name", ["postgres", "redis-server"])
def test_a_server_that_dies_stops_the_command_and_shows_its_last_lines(start, name):
    started = start("servers", *python(WAIT))
    started.wait_for_line("up")
    family = started.family()
    server = min((each for each in family if each.name() == name), key=lambda each: each.pid)

    server.kill()

    assert started.end() == 1
    assert "died (exit code -9); its last lines:" in started.output
    assert all_gone(family)


def test_no_password_is_in_the_list_of_processes_and_none_opens_the_database(start):
    started = start("servers", *python(WAIT))
    _, database, redis = started.wait_for_line("up").split()
    secrets = [url.split("@")[0].rpartition(":")[2] for url in (database, redis)]
    said = " ".join(part for each in started.family() for part in each.cmdline())

    assert all(len(secret) == 64 and secret not in said for secret in secrets)
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(database.replace(secrets[0], "wrong"))


def test_a_data_folder_that_cannot_be_is_one_line(start, data_folder):
    (data_folder / "file").write_text("")

    done = start("servers", "--", "true", DATA_DIR=str(data_folder / "file" / "inside"))

    assert done.end() == 1
    assert done.lines == [
        f"servers: cannot write to DATA_DIR {data_folder / 'file' / 'inside'}: Not a directory",
    ]


def test_an_unknown_command_is_one_line(start):
    done = start("servers", "--", "no-such-command", DATABASE_URL="postgres://x/y", REDIS_URL="redis://x/0")

    assert done.end() == 1
    assert done.lines == ["servers: cannot run no-such-command: No such file or directory"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to make way for another user")
def test_root_lets_postgres_through_and_no_further(start, data_folder):
    closed = data_folder / "closed"
    closed.mkdir(mode=0o700)

    done = start("servers", "--", "true", DATA_DIR=str(closed / "data"))

    assert done.end() == 0, done.output
    assert f"let embedded_postgres pass through {closed} (chmod o+x)" in done.output
    assert closed.stat().st_mode & 0o777 == 0o701
    assert Path(closed / "data" / "postgres").stat().st_mode & 0o777 == 0o700
