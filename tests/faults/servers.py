"""The servers that tests take away: Redis, Postgres, and web processes of this project."""

import contextlib
import http.client
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from typing import NamedTuple
from urllib.parse import quote

import psutil
import psycopg
import redis
from django.db import connection

from deploy.local.postgres import postgres_account, postgres_binaries
from deploy.local.redis import redis_binary
from tests.faults.processes import LOOPBACK, WAIT_SECONDS, Process, free_port, lives, python, until


class Redis(Process):
    """A Redis of its own; it keeps its port, and forgets everything when it is stopped.

    With `of`, it repeats what that one holds, and is ready when it does.
    """

    def __init__(self, *, password: str = "", of: "Redis | None" = None) -> None:
        self.port = free_port()
        self.of = of
        options = (
            "--port",
            str(self.port),
            "--bind",
            LOOPBACK,
            "--save",
            "",
            "--appendonly",
            "no",
            "--databases",
            "64",
        )
        secret = ("--requirepass", password, "--masterauth", password) if password else ()
        # A full copy goes from memory to memory, without a file in this folder, and at once: not five seconds later for
        # those who may still come.
        copied = ("--repl-diskless-sync", "yes", "--repl-diskless-sync-delay", "0", "--repl-diskless-load", "swapdb")
        copied = (*copied, *(("--replicaof", LOOPBACK, str(of.port)) if of else ()))
        super().__init__([redis_binary(), *options, *secret, *copied])
        self.url = f"redis://:{quote(password, safe='')}@{LOOPBACK}:{self.port}/0"

    def client(self) -> redis.Redis:
        return redis.Redis.from_url(self.url, socket_timeout=WAIT_SECONDS)

    def wait_until_ready(self) -> None:
        until(self._answers, "waiting for Redis", process=self)

    def _answers(self) -> bool:
        with contextlib.suppress(redis.RedisError), self.client() as client:
            return bool(client.ping()) and (self.of is None or client.info("replication")["master_link_status"] == "up")
        return False


class Postgres(Process):
    """A Postgres of its own with one empty database; it keeps its port and, when it is stopped, its data."""

    def __init__(self) -> None:
        binaries, account = postgres_binaries(), postgres_account()
        self.port = free_port()
        user, group = (account.pw_uid, account.pw_gid) if account else (None, None)
        super().__init__([], user=user, group=group)
        data = self.folder / "postgres"
        self.command = [str(binaries / "postgres"), "-D", str(data), "-p", str(self.port), "-k", "", "-h", LOOPBACK]
        self.env = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}
        self.url = f"postgres://postgres@{LOOPBACK}:{self.port}/guildhall"
        data.mkdir(mode=0o700)
        if account:
            os.chown(data, account.pw_uid, account.pw_gid)
        try:
            subprocess.run(
                [binaries / "initdb", "-D", data, "-U", "postgres", "--encoding=UTF8", "--locale=C", "--no-sync"],
                check=True,
                capture_output=True,
                cwd="/",
                env=self.env,
                **self.account,  # type: ignore[call-overload]
            )
        except BaseException:
            shutil.rmtree(self.folder)
            raise

    def connect(self, database: str = "guildhall") -> psycopg.Connection:
        return psycopg.connect(
            host=LOOPBACK, port=self.port, user="postgres", dbname=database, autocommit=True, connect_timeout=5
        )

    def wait_until_ready(self) -> None:
        until(self._answers, "waiting for Postgres", process=self)

    def stop(self) -> None:
        # Each of its processes leads a group of its own, and lives on until it sees that the first one is gone.
        forks = self._forks()
        super().stop()
        until(lambda: not any(lives(each) for each in forks), "waiting for the last connection to end")

    kill = stop

    def _forks(self) -> list[psutil.Process]:
        if self._process is not None:
            with contextlib.suppress(psutil.NoSuchProcess):
                return psutil.Process(self._process.pid).children()
        return []

    def _answers(self) -> bool:
        with contextlib.suppress(psycopg.OperationalError), self.connect("postgres") as there:
            if not there.execute("select 1 from pg_database where datname = 'guildhall'").fetchone():
                there.execute("create database guildhall")
            return True
        return False


class Answer(NamedTuple):
    status: int
    headers: http.client.HTTPMessage
    body: str

    @property
    def cookies(self) -> dict[str, str]:
        pairs = (line.partition(";")[0].partition("=") for line in self.headers.get_all("Set-Cookie", []))
        return {name: value for name, _, value in pairs}


class Web(Process):
    """One gunicorn process of this project, on the database of the running test."""

    def __init__(self, *, stop_at: Sequence[str] = (), env: Mapping[str, str] | None = None) -> None:
        self.port = free_port()
        gunicorn = [
            *("-m", "gunicorn", "config.wsgi", "--bind", f"{LOOPBACK}:{self.port}", "--worker-class", "gthread"),
            *("--workers", "1", "--threads", "4", "--config", "python:deploy.local.gunicorn", "--no-control-socket"),
        ]
        super().__init__(python(gunicorn, stop_at), env={"DATABASE_URL": database_url(), **(env or {})})

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    def wait_until_ready(self) -> None:
        until(self._answers, "waiting for the web process", process=self)

    def _answers(self) -> bool:
        with contextlib.suppress(OSError, http.client.HTTPException):
            return self.request("GET", "/healthz").status > 0
        return False

    def request(
        self,
        method: str,
        path: str,
        *,
        cookies: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: str | None = None,
    ) -> Answer:
        """Ask once, on a connection of its own; redirects are answers."""
        there = http.client.HTTPConnection(LOOPBACK, self.port, timeout=WAIT_SECONDS)
        sent = dict(headers or {})
        if cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
        if body is not None:
            sent.setdefault("Content-Type", "application/x-www-form-urlencoded")
        with contextlib.closing(there):
            there.request(method, path, body, sent)
            response = there.getresponse()
            return Answer(response.status, response.headers, response.read().decode("utf-8", "replace"))


def database_url() -> str:
    """Return the address of the database that this test uses; only a test with `transaction=True` shares its rows."""
    there = connection.settings_dict
    user, password = quote(there["USER"], safe=""), quote(there["PASSWORD"] or "", safe="")
    host = quote(there["HOST"] or LOOPBACK, safe="")
    return f"postgres://{user}:{password}@{host}:{there['PORT'] or 5432}/{quote(str(there['NAME']), safe='')}"
