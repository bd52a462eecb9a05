"""/metrics over several web processes: counts add up, and a process that dies takes none of them with it."""

import http.client
import os
import re
import signal

import psutil
import pytest

from deploy.local.ground import LOOPBACK, free_port
from tests import faults

pytestmark = pytest.mark.django_db(transaction=True)

ASKED = 60


@pytest.fixture
def hall(tmp_path):
    """Three web processes behind one port."""
    port = free_port()
    env = {
        "GUNICORN_CMD_ARGS": f"--bind {LOOPBACK}:{port}",
        "DATA_DIR": str(tmp_path),
        "PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "metrics"),
        "WEB_CONCURRENCY": "3",
    }
    with faults.process(["-m", "gunicorn", "config.wsgi", "--config", "python:deploy.gunicorn"], env=env) as process:
        process.port = port
        faults.until(lambda: len(workers(process)) == 3 and ask(process) == 200, "three processes", process=process)
        yield process


def workers(process):
    return {each.pid for each in psutil.Process(process.pid).children()}


def fetch(process, path):
    there = http.client.HTTPConnection(LOOPBACK, process.port, timeout=20)
    try:
        there.request("GET", path)
        response = there.getresponse()
        return response.status, response.read().decode()
    finally:
        there.close()


def ask(process):
    try:
        return fetch(process, "/healthz")[0]
    except OSError:
        return 0


def counted(process):
    """Return how many answers of /healthz the hall counts."""
    status, text = fetch(process, "/metrics")
    assert status == 200
    line = re.search(r'^guildhall_requests_total\{.*view="healthz".*\} (\S+)$', text, re.MULTILINE)
    return int(float(line[1]))


def test_counts_add_up_and_outlive_the_process_that_counted(hall):
    before = counted(hall)
    assert [ask(hall) for _ in range(ASKED)] == [200] * ASKED
    after = counted(hall)
    first = min(workers(hall))
    files = len(list(os.scandir(hall.env["PROMETHEUS_MULTIPROC_DIR"])))
    os.kill(first, signal.SIGKILL)
    faults.until(lambda: len(workers(hall) - {first}) == 3, "another process takes its place", process=hall)
    kept = counted(hall)
    assert [ask(hall) for _ in range(ASKED)] == [200] * ASKED
    last = counted(hall)

    assert after - before == ASKED
    assert kept == after
    assert last - kept == ASKED
    assert files >= 2
