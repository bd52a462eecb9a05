"""What becomes of a bell: with Redis away, with a worker that dies, after a beat that was away, with two beats."""

import json
import os
import signal
from collections import Counter
from contextlib import ExitStack

import pytest

from config.celery import KEY_PREFIX, QUEUE, VISIBILITY_TIMEOUT_SECONDS, app
from tests import faults
from tests.faults import bells

pytestmark = pytest.mark.django_db(transaction=True)

# Inside the task, after its first half.
MIDDLE = "config.panels.sample_queue:before"
SCHEDULE = app.conf.beat_schedule


def test_a_bell_that_nobody_hears_is_logged_and_the_caller_goes_on():
    with faults.redis() as redis:
        heard = bells.ring(redis.url)
        redis.stop()
        lost = bells.ring(redis.url)

    assert "bell_not_heard" not in heard
    assert "bell_not_heard" in lost
    assert "task=config.tasks.heartbeat" in lost or '"config.tasks.heartbeat"' in lost
    assert heard.splitlines()[-1] == lost.splitlines()[-1] == "went on"


def test_a_task_whose_process_is_killed_is_begun_again_by_the_same_worker():
    with faults.redis() as redis, bells.worker(redis.url, stop_at=(MIDDLE,)) as worker:
        worker.wait_for_line("ready.")
        bells.ring(redis.url)
        first = worker.reached(MIDDLE)
        os.kill(first.pid, signal.SIGKILL)
        first.connection.close()
        second = worker.reached(MIDDLE)
        second.go_on()
        worker.wait_for_line("succeeded in")
        faults.until(lambda: bells.taken(redis) == 0, "the worker confirms the bell", process=worker)

        assert first.pid != second.pid
        assert bells.waiting(redis) == 0


def test_a_bell_of_a_worker_that_is_killed_whole_rings_again_for_another():
    with faults.redis() as redis:
        with bells.worker(redis.url, stop_at=(MIDDLE,)) as killed:
            killed.wait_for_line("ready.")
            bells.ring(redis.url)
            point = killed.reached(MIDDLE)
            killed.kill()
            point.connection.close()
        kept = bells.taken(redis)
        with redis.client() as client:
            # As if an hour had passed: its score is the moment at which it was taken.
            index = f"{KEY_PREFIX}unacked_index"
            for tag, _ in client.zrange(index, 0, -1, withscores=True):
                client.zincrby(index, -2 * VISIBILITY_TIMEOUT_SECONDS, tag)
        with bells.worker(redis.url) as other:
            other.wait_for_line("succeeded in")
            faults.until(lambda: bells.taken(redis) == 0, "the other worker confirms the bell", process=other)

    assert kept == 1


def test_two_beats_that_were_away_ring_for_all_that_is_due_and_twice_does_no_harm(tmp_path):
    scheduled = {entry["task"] for entry in SCHEDULE.values()}

    with faults.redis() as redis:
        with ExitStack() as beats:
            for number in (1, 2):
                beats.enter_context(bells.overdue_beat(redis.url, str(tmp_path / f"beat{number}")))
            faults.until(lambda: bells.waiting(redis) >= 2 * len(SCHEDULE), "both beats ring for everything")
        with redis.client() as client:
            headers = [json.loads(each)["headers"] for each in client.lrange(f"{KEY_PREFIX}{QUEUE}", 0, -1)]
        rung = Counter(each["task"] for each in headers)
        ids = {each["id"] for each in headers}
        with bells.worker(redis.url) as worker:
            faults.until(lambda: not bells.unfinished(worker, ids), "each is done", process=worker)
            faults.until(lambda: bells.taken(redis) == 0, "the last one is confirmed", process=worker)
        left, said = bells.waiting(redis), worker.output()

    assert set(rung) == scheduled
    # Twice, and once more where a period ended while the beats ran.
    assert min(rung.values()) >= 2
    assert left == 0
    assert "Traceback" not in said
    assert "raised unexpected" not in said
