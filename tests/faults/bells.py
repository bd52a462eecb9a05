"""The worker, the beat and a ring, as processes of their own on the real settings."""

import re
from collections.abc import Collection, Mapping

from config.celery import KEY_PREFIX, QUEUE
from tests.faults.processes import Process, python
from tests.faults.servers import Redis, database_url

REAL = {"DJANGO_SETTINGS_MODULE": "config.settings"}
WORKER = [
    *("-m", "celery", "--app", "config", "worker", "--concurrency", "1", "--loglevel", "INFO"),
    *("--without-gossip", "--without-mingle"),
]
RING = "import django; django.setup(); from config.tasks import heartbeat; heartbeat.delay(); print('went on')"
# A schedule that was last kept two days ago: everything in it is due.
OVERDUE = """
import datetime, sys, django
django.setup()
from celery.beat import PersistentScheduler
from config.celery import app
kept = PersistentScheduler(app=app, schedule_filename=sys.argv[1])
for entry in kept.schedule.values():
    entry.last_run_at -= datetime.timedelta(days=2)
kept.close()
"""


def _process(program: list[str], env: Mapping[str, str], stop_at: tuple[str, ...] = ()) -> Process:
    return Process(python(program, stop_at), env={"DATABASE_URL": database_url(), **REAL, **env})


def worker(redis_url: str, *, stop_at: tuple[str, ...] = ()) -> Process:
    return _process(WORKER, {"REDIS_URL": redis_url}, stop_at)


def ring(redis_url: str) -> str:
    """Ring for the heartbeat once; return what the one who rang said."""
    with _process(["-c", RING], {"REDIS_URL": redis_url}) as ringing:
        assert ringing.wait() == 0, ringing.output()
        return ringing.output()


def overdue_beat(redis_url: str, schedule: str) -> Process:
    """Return a beat that was away for two days."""
    env = {"REDIS_URL": redis_url}
    with _process(["-c", OVERDUE, schedule], env) as making:
        assert making.wait() == 0, making.output()
    return _process(["-m", "celery", "--app", "config", "beat", "--schedule", schedule, "--pidfile", ""], env)


def waiting(redis: Redis) -> int:
    """Return how many bells were rung that no worker has taken."""
    with redis.client() as client:
        return int(client.llen(f"{KEY_PREFIX}{QUEUE}"))


def taken(redis: Redis) -> int:
    """Return how many bells a worker has taken and not confirmed."""
    with redis.client() as client:
        return int(client.hlen(f"{KEY_PREFIX}unacked"))


def unfinished(worker: Process, ids: Collection[str]) -> set[str]:
    """Return which of these bells a worker has neither done nor left because their time was over."""
    bell = r"\S+\[([-0-9a-f]{36})\]"
    said = worker.output()
    done, left = re.findall(rf"Task {bell} succeeded in", said), re.findall(rf"Discarding revoked task: {bell}", said)
    return set(ids).difference(done, left)
