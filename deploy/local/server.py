"""One embedded server: how it is waited for, stopped, and found again after its supervisor was killed."""

import contextlib
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import psycopg
import redis

from deploy.local.ground import LocalError

START_SECONDS = 60
STOP_SECONDS = 15
# Postgres' own name for it; Redis is told to use the same.
PIDFILE = "postmaster.pid"


class Server:
    """One running server: its process, its address, its log."""

    def __init__(self, name: str, process: subprocess.Popen[bytes], url: str, log: Path) -> None:
        self.name = name
        self.process = process
        self.url = url
        self.log = log

    def last_lines(self, count: int = 15) -> list[str]:
        if not self.log.exists():
            return []
        return self.log.read_text(errors="replace").splitlines()[-count:]


def wait_for(server: Server, attempt: Callable[[], None]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            return attempt()
        except (psycopg.OperationalError, redis.RedisError) as error:
            code = server.process.poll()
            if code is None and time.monotonic() < deadline:
                time.sleep(0.03)
                continue
            stop(server.process, signal.SIGKILL)
            said = server.last_lines() or [str(error).strip()]
            fatal = [line for line in said if "FATAL" in line or "rror" in line]
            raise LocalError(
                f"{server.name} did not start: {(fatal or said)[-1].strip()} (log: {server.log})"
            ) from None


def stop(process: subprocess.Popen[bytes], *signals: int) -> None:
    for sig in (*signals, signal.SIGKILL):
        if process.poll() is not None:
            return
        process.send_signal(sig)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)


def stop_orphan(pidfile: Path) -> None:
    """End the server that a killed supervisor left on this data, and remove its stale lock.

    The caller holds the folder's lock, so nobody else can own that server. Both servers work in their data folder.
    """
    with contextlib.suppress(OSError, ValueError, IndexError, psutil.NoSuchProcess, psutil.AccessDenied):
        process = psutil.Process(int(pidfile.read_text().splitlines()[0]))
        if process.cwd() == str(pidfile.parent):
            process.send_signal(signal.SIGINT)
            try:
                process.wait(STOP_SECONDS)
            except psutil.TimeoutExpired:
                process.kill()
                process.wait(STOP_SECONDS)
    pidfile.unlink(missing_ok=True)
