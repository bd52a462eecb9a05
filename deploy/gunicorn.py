"""gunicorn's settings for production: gunicorn config.wsgi --config python:deploy.gunicorn

Its own variables go before: WEB_CONCURRENCY, and GUNICORN_CMD_ARGS="--bind 127.0.0.1:8000".
"""

import os
import shutil
from pathlib import Path

from deploy.refusals import LINE_MAX, tell_refusals

bind = "0.0.0.0:8000"
worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY") or 2)
threads = 4
graceful_timeout = 20
# A heartbeat file on a disk that is slow would end a worker that is well.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None
control_socket_disable = True
limit_request_line = LINE_MAX


def on_starting(server):
    """Forget the counts that processes of an earlier start left."""
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR") or str(Path(os.environ.get("DATA_DIR") or "var") / "metrics")
    shutil.rmtree(folder, ignore_errors=True)


def post_worker_init(worker):
    tell_refusals()
