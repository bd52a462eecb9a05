"""Threads that meet: the same work at once, and one thread held at a statement while others go on."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

WAIT_SECONDS = 20


def race(*workers: Callable[[], Any]) -> list[Any]:
    """Run the workers at once, each in a thread with its own connection; return results or exceptions in order."""
    barrier = threading.Barrier(len(workers))
    results: list[Any] = [None] * len(workers)

    def run(index: int, worker: Callable[[], Any]) -> None:
        try:
            connection.ensure_connection()
            barrier.wait(WAIT_SECONDS)
            results[index] = worker()
        except Exception as error:
            results[index] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair, daemon=True) for pair in enumerate(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT_SECONDS)
        assert not thread.is_alive(), "a worker of the race hangs: a deadlock?"
    return results


def until_somebody_waits(done: Callable[[], object] = lambda: False) -> None:
    """Return when some statement of this database waits for a lock, or when `done` says that none ever will."""
    for _ in range(5000):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            if cursor.fetchone()[0] or done():
                return
    raise AssertionError("nobody waits for a lock")


class Gate:
    """Holds a thread at a point until the test lets it go on."""

    def __init__(self) -> None:
        self._reached = threading.Event()
        self._opened = threading.Event()

    def arrive(self) -> None:
        self._reached.set()
        assert self._opened.wait(WAIT_SECONDS), "nobody opened the gate"

    def wait_until_reached(self) -> None:
        assert self._reached.wait(WAIT_SECONDS), "nobody reached the gate"

    def open(self) -> None:
        self._opened.set()


@contextmanager
def held_after(gate: Gate, *words: str) -> Iterator[None]:
    """Hold this thread at the gate right after its first SQL statement that contains all the words."""
    arrived = False

    def wrapper(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal arrived
        result = execute(sql, params, many, context)
        if not arrived and all(word in sql for word in words):
            arrived = True
            gate.arrive()
        return result

    with connection.execute_wrapper(wrapper):
        yield


@contextmanager
def held(gate: Gate, worker: Callable[[], Any], *words: str) -> Iterator[list[Any]]:
    """Start the worker in a thread and hold it after that statement while the block runs; then let it finish.

    The list gets the worker's result, or what it raised, when the block has ended.
    """
    outcome: list[Any] = []

    def run() -> None:
        try:
            with held_after(gate, *words):
                outcome.append(worker())
        except Exception as error:
            outcome.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        gate.wait_until_reached()
        yield outcome
    finally:
        gate.open()
        thread.join(WAIT_SECONDS)
        assert not thread.is_alive(), "the held worker hangs"
