"""Random likes and unlikes by many threads in processes that are killed; at the end the counts are looked at.

    python -m deploy.local.servers -- python -m tests.faults.storm --acts 1000000

makes a database of its own, and prints a line for the hall's way and one for the control: the same acts where nothing
guards the counts (two statements, each committed by itself, and a decrement that does not look at what was deleted).
"""

import argparse
import contextlib
import os
import random
import re
import sys
import threading
from collections.abc import Callable, Iterator

import django
import psycopg
from django.core.management import call_command
from django.db import connection

from tests.faults.processes import Process, until

THREADS = 16
PROCESSES = 4
THINGS = 3
PEOPLE = 200
REPORTS = 20
DATABASE = "likes_storm"


class Worker(Process):
    """A process of some threads that act until they are told how often they did."""

    def __init__(self, mode: str, acts: int, seed: int, env: dict[str, str]) -> None:
        command = [sys.executable, "-m", "tests.faults.storm", "--work", mode, "--acts", str(acts), "--seed", str(seed)]
        super().__init__(command, env=env)

    @property
    def acted(self) -> int:
        return REPORTS * self.output().count("acted\n")


def storm(*, mode: str, acts: int, kills: int, env: dict[str, str]) -> int:
    """Let workers act about so many times, of whom so many are killed and replaced; return how often they did."""
    acted, seeds, killed = 0, iter(range(10**6)), 0
    share = max(REPORTS, acts // PROCESSES)
    with contextlib.ExitStack() as stack:
        workers = [stack.enter_context(Worker(mode, share, next(seeds), env)) for _ in range(PROCESSES)]
        while killed < kills:
            victim = workers[killed % PROCESSES]
            mark = min(share // 2, REPORTS * (1 + killed))
            until(lambda one=victim, least=mark: one.acted >= least or one.code is not None, "acts", process=None)
            victim.stop()
            acted += victim.acted
            rest = max(REPORTS, share - victim.acted)
            workers[killed % PROCESSES] = stack.enter_context(Worker(mode, rest, next(seeds), env))
            killed += 1
        for worker in workers:
            finished = threading.Event()
            while worker.code is None:
                finished.wait(0.02)
            assert worker.code == 0, worker.output()
            acted += worker.acted
    return acted


def drift() -> int:
    """Return by how much the counts that are shown differ from the rows, over all things."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT coalesce(sum(abs(coalesce(c.n, 0) - coalesce(r.n, 0))), 0)
            FROM (SELECT object_id, count(*) AS n FROM likes_reaction GROUP BY 1) AS r
            FULL JOIN (SELECT object_id, sum(count) AS n FROM likes_reactioncount GROUP BY 1) AS c USING (object_id)
            """
        )
        return int(cursor.fetchone()[0])


def furnish() -> None:
    from comments.models import Discussion
    from tests import factories

    people = [factories.user(name=f"storm{number}") for number in range(PEOPLE)]
    for number in range(THINGS):
        factories.discussion(by=people[0], title=f"Storm {number}")
    assert Discussion.objects.filter(title__startswith="Storm").count() == THINGS


@contextlib.contextmanager
def unguarded() -> Iterator[None]:
    """Take the guard away; counts in the control are what the control's own statements make of them."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE likes_reaction DISABLE TRIGGER USER")
        cursor.execute("TRUNCATE likes_reaction, likes_reactioncount")
        cursor.execute("ALTER TABLE likes_reactioncount DROP CONSTRAINT reaction_count_is_never_below_zero")
        try:
            yield
        finally:
            cursor.execute("TRUNCATE likes_reaction, likes_reactioncount")
            cursor.execute("ALTER TABLE likes_reaction ENABLE TRIGGER USER")
            cursor.execute(
                "ALTER TABLE likes_reactioncount ADD CONSTRAINT reaction_count_is_never_below_zero CHECK (count >= 0)"
            )


# --- In the worker ----------------------------------------------------------------------------------------


def work(mode: str, acts: int, seed: int) -> None:
    from comments.models import Discussion
    from likes import services
    from sessions_app.models import User

    things = list(Discussion.objects.filter(title__startswith="Storm"))
    people = list(User.objects.filter(email__startswith="storm"))
    guarded: list[Callable[..., bool]] = [services.set_reaction, services.clear_reaction]
    chosen = guarded if mode == "guarded" else [_set_unguarded, _clear_unguarded]
    lock = threading.Lock()

    def act(number: int) -> None:
        dice = random.Random(f"{seed}:{number}")
        for turn in range(1, acts // (THREADS // PROCESSES) + 1):
            # A few people, so that the same two are often at it at once.
            person = dice.choice(people[:8]) if dice.random() < 0.5 else dice.choice(people)
            dice.choice(chosen)(thing=dice.choice(things), kind="like", by=person)
            if turn % REPORTS == 0:
                with lock:
                    sys.stdout.write("acted\n")
                    sys.stdout.flush()
        connection.close()

    threads = [threading.Thread(target=act, args=(number,)) for number in range(THREADS // PROCESSES)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _set_unguarded(*, thing: object, kind: str, by: object) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO likes_reaction (content_type_id, object_id, user_id, family, kind, created_at)"
            " VALUES (1, %s, %s, 'like', %s, now()) ON CONFLICT DO NOTHING",
            [thing.pk, by.pk, kind],
        )
        if cursor.rowcount:
            _add(cursor, thing, kind, 1)
        return bool(cursor.rowcount)


def _clear_unguarded(*, thing: object, kind: str, by: object) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM likes_reaction WHERE object_id = %s AND user_id = %s", [thing.pk, by.pk])
        if cursor.fetchone() is None:
            return False
        cursor.execute("DELETE FROM likes_reaction WHERE object_id = %s AND user_id = %s", [thing.pk, by.pk])
        _add(cursor, thing, kind, -1)
        return True


def _add(cursor: object, thing: object, kind: str, number: int) -> None:
    cursor.execute(
        "INSERT INTO likes_reactioncount (content_type_id, object_id, kind, slot, count) VALUES (1, %s, %s, 0, %s)"
        " ON CONFLICT (content_type_id, object_id, kind, slot) DO UPDATE"
        " SET count = likes_reactioncount.count + EXCLUDED.count",
        [thing.pk, kind, number],
    )


# --- As a command -----------------------------------------------------------------------------------------


def own_database() -> None:
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as server:
        server.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        server.execute(f"CREATE DATABASE {DATABASE}")
    os.environ["DATABASE_URL"] = re.sub(r"/[^/?]+(?=\?|$)", f"/{DATABASE}", os.environ["DATABASE_URL"], count=1)


def main(acts: int, kills: int) -> int:
    own_database()
    django.setup()
    call_command("migrate", verbosity=0, interactive=False)
    furnish()
    env = {"DJANGO_SETTINGS_MODULE": "tests.settings", "DATABASE_URL": os.environ["DATABASE_URL"]}
    done = storm(mode="guarded", acts=acts, kills=kills, env=env)
    kept = drift()
    sys.stdout.write(f"guarded acts={done} killed={kills} drift={kept}" + "\n")
    with unguarded():
        done = storm(mode="unguarded", acts=acts // 10, kills=kills, env=env)
        lost = drift()
        sys.stdout.write(f"unguarded acts={done} killed={kills} drift={lost}" + "\n")
    connection.close()
    return 0 if kept == 0 and lost > 0 else 1


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--acts", type=int, default=1_000_000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--work")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    if given.work:
        django.setup()
        work(given.work, given.acts, given.seed)
        sys.exit(0)
    sys.exit(main(given.acts, given.kills))
