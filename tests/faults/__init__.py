"""Faults for tests: parts that go away, hang or die at a chosen moment.

    with faults.redis() as redis:
        redis.stop(); redis.start(); redis.pause(); redis.resume()

    with faults.watched() as redis:
        redis.primary.kill(); redis.wait_for_promotion()

    with faults.web(processes=3) as (first, second, third):
        first.request("GET", "/account/devices", cookies=...)

    with faults.process(["manage.py", "clearsessions"], stop_at=["sessions_app.services.record:before"]) as process:
        process.reached("sessions_app.services.record:before")
        process.kill()

What a block started has ended when the block ends, and also when the test run itself is killed.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.faults.processes import FaultError, Point, Process, python, until
from tests.faults.sentinel import watched
from tests.faults.servers import Answer, Postgres, Redis, Web, database_url

__all__ = ["Answer", "FaultError", "Point", "Process", "Web", "postgres", "process", "redis", "until", "watched", "web"]

redis = Redis
postgres = Postgres


def process(
    program: Sequence[str | Path], *, stop_at: Sequence[str] = (), env: Mapping[str, str] | None = None
) -> Process:
    """Return a Python program (`-c CODE`, `-m MODULE` or `FILE`, with its arguments) on this test's database."""
    return Process(python(program, stop_at), env={"DATABASE_URL": database_url(), **(env or {})})


@contextmanager
def web(
    *, processes: int = 1, stop_at: Sequence[str] = (), env: Mapping[str, str] | None = None
) -> Iterator[list[Web]]:
    """Start web processes that share nothing but the database and Redis of this test."""
    with ExitStack() as stack:
        yield [stack.enter_context(Web(stop_at=stop_at, env=env)) for _ in range(processes)]
