"""A side of a comparison in a process, with settings and a database of its own: Django's settings are global.

    ours = Contender("bench.sessions_app")
    peer = Contender("bench.sessions_app", settings="bench.settings.cached_db")
    compare(
        "a page",
        ours=partial(ours, "requests", times=500),
        peers={"cached_db": partial(peer, "requests", times=500)},
        unit="ms",
    )

Calling a contender calls that function of that module in its process and returns what it returns; arguments and
answers travel as JSON, one line each. The process finds an empty, migrated database in `DATABASE_URL` and an empty
Redis in `REDIS_URL`, both its own; with `beside=other` it works on those of the other. Further keywords are variables
of its environment.
"""

import contextlib
import importlib
import itertools
import json
import os
import re
import select
import subprocess
import sys
import traceback
from typing import Any

import django
import psycopg
import redis
from django.core.management import call_command

NUMBERS = itertools.count(1)


class ContenderFailed(Exception):
    """The other process raised; what it said stands above on the terminal."""


class Contender:
    def __init__(
        self, module: str, *, settings: str = "config.settings", beside: "Contender | None" = None, **environment: str
    ) -> None:
        self.environment = (beside.environment if beside else fresh_servers(next(NUMBERS))) | environment
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bench.contenders"],
            env=os.environ | self.environment | {"DJANGO_SETTINGS_MODULE": settings},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._exchange({"module": module, "migrate": beside is None})

    def __call__(self, function: str, **arguments: Any) -> Any:
        self.send(function, **arguments)
        return self.answer()

    def send(self, function: str, **arguments: Any) -> None:
        """Begin a call; `answer` waits for it. Between the two, other contenders work at the same time."""
        self._say({"function": function, "arguments": arguments})

    def answer(self) -> Any:
        line = self.process.stdout.readline()
        if not line:
            raise ContenderFailed(f"the process ended with code {self.process.wait()}")
        reply = json.loads(line)
        if "failed" in reply:
            raise ContenderFailed(reply["failed"])
        return reply["answer"]

    def has_answered(self) -> bool:
        return bool(select.select([self.process.stdout], [], [], 0)[0])

    def stop(self) -> None:
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()

    def _say(self, message: dict[str, Any]) -> None:
        self.process.stdin.write(json.dumps(message) + "\n")
        self.process.stdin.flush()

    def _exchange(self, message: dict[str, Any]) -> Any:
        self._say(message)
        return self.answer()


def fresh_servers(number: int) -> dict[str, str]:
    """Make an empty database and empty a Redis database; return the variables that name them."""
    name = f"bench_{number}"
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name}")
    address = re.sub(r"(/\d*)?$", f"/{number}", os.environ["REDIS_URL"], count=1)
    with contextlib.closing(redis.Redis.from_url(address)) as client:
        client.flushdb()
    return {
        "DATABASE_URL": re.sub(r"/[^/?]+(?=\?|$)", f"/{name}", os.environ["DATABASE_URL"], count=1),
        "REDIS_URL": address,
    }


def _serve() -> None:
    """Answer calls on standard input until it ends. What the code under test prints goes to standard error."""
    answers, sys.stdout = sys.stdout, sys.stderr

    def answer(reply: dict[str, Any]) -> None:
        answers.write(json.dumps(reply) + "\n")
        answers.flush()

    module: Any = None
    for line in sys.stdin:
        message = json.loads(line)
        try:
            if module is None:
                module = _begin(**message)
                answer({"answer": None})
            else:
                answer({"answer": getattr(module, message["function"])(**message["arguments"])})
        except Exception as error:  # noqa: BLE001  (the parent raises it)
            traceback.print_exc()
            answer({"failed": f"{type(error).__name__}: {error}"})


def _begin(*, module: str, migrate: bool) -> Any:
    django.setup()
    if migrate:
        call_command("migrate", verbosity=0, interactive=False)
    return importlib.import_module(module)


if __name__ == "__main__":
    _serve()
