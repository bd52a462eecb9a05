"""A real worker whose process is killed in the middle of a task: Celery delivers the ring again, the effect is one."""

import os
import signal

import pytest

from idempotency.models import Record
from tests import faults
from tests.idempotency.hall import effects

pytestmark = pytest.mark.django_db(transaction=True)

RING = """
import django
django.setup()
from config.celery import app
app.send_task("tests.idempotency.ringing.close", ["may"])
"""
WORKER = [
    *("-m", "deploy.local.worker", "--app", "config", "worker", "--concurrency", "1", "--loglevel", "INFO"),
    *("--without-gossip", "--without-mingle", "--include", "tests.idempotency.ringing"),
]
POINTS = {
    "tests.idempotency.hall.leave_effect:before": 0,
    "idempotency.claims.note_effect:after": 0,
    "tests.idempotency.hall.leave_effect:after": 1,
}


@pytest.mark.parametrize("point", POINTS)
def test_a_killed_worker_process_leaves_one_effect(point):
    with faults.redis() as redis:
        env = {"REDIS_URL": redis.url, "DJANGO_SETTINGS_MODULE": "tests.idempotency.web_settings"}
        with faults.process(WORKER, stop_at=[point], env=env) as worker:
            worker.wait_for_line("ready.")
            ring(env)
            standing = worker.reached(point)

            os.kill(standing.pid, signal.SIGKILL)
            standing.connection.close()
            assert effects() == POINTS[point]
            if not POINTS[point]:
                worker.reached(point).go_on()

            ring(env)
            faults.until(lambda: succeeded(worker) >= 2, "both rings come to an end", process=worker)

    assert effects("may") == 1
    assert Record.objects.get().fence == (1 if POINTS[point] else 2)


def ring(env):
    with faults.process(["-c", RING], env=env) as bell:
        assert bell.wait() == 0, bell.output()


def succeeded(worker):
    return worker.output().count("succeeded in")
