"""Postgres and Redis from Python wheels, for as long as a command runs.

    python -m deploy.local.servers [--fast] -- COMMAND ...

Each of DATABASE_URL and REDIS_URL that is unset gets a server of its own on a free loopback port, with its data
in DATA_DIR; the command sees both variables, and its exit code is returned. With `--fast` the servers are empty,
do not wait for the disk, and their data goes away with them: for tests only.
"""

import argparse
import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from deploy.local import postgres, redis
from deploy.local.ground import LocalError, data_dir, locked, read_env_file, say
from deploy.local.orphans import die_with_parent, dies_with_me
from deploy.local.server import PIDFILE, Server, stop, stop_orphan

FAST_PREFIX = "fast-"


@contextlib.contextmanager
def running(*, fast: bool = False) -> Iterator[list[Server]]:
    """Start what the environment does not name, export its address, and stop it afterwards."""
    folder = data_dir()
    wanted = [name for name in ("DATABASE_URL", "REDIS_URL") if not os.environ.get(name)]
    servers: list[Server] = []
    with contextlib.ExitStack() as stack:
        if fast:
            folder = stack.enter_context(_passing_folder(folder))
            os.environ["DATA_DIR"] = str(folder)
        elif wanted:
            stack.enter_context(locked(folder))
        if "DATABASE_URL" in wanted:
            servers.append(stack.enter_context(postgres.running(folder, fast=fast)))
            os.environ["DATABASE_URL"] = servers[-1].url
        if "REDIS_URL" in wanted:
            servers.append(stack.enter_context(redis.running(folder, fast=fast)))
            os.environ["REDIS_URL"] = servers[-1].url
        yield servers


@contextlib.contextmanager
def _passing_folder(parent: Path) -> Iterator[Path]:
    """Make and hold a folder that goes away afterwards, and sweep those whose owner was killed."""
    with contextlib.ExitStack() as stack:
        with (parent / "fast.lock").open("a") as gate:
            # A folder that was made but is not held yet must not be swept.
            fcntl.flock(gate, fcntl.LOCK_EX)
            for left in parent.glob(f"{FAST_PREFIX}*"):
                with contextlib.suppress(LocalError), locked(left):
                    for name in ("postgres", "redis"):
                        stop_orphan(left / name / PIDFILE)
                    shutil.rmtree(left, ignore_errors=True)
            folder = Path(tempfile.mkdtemp(prefix=FAST_PREFIX, dir=parent))
            folder.chmod(0o711)
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
            stack.enter_context(locked(folder))
        yield folder


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m deploy.local.servers")
    parser.add_argument("--fast", action="store_true", help="empty servers that forget everything: for tests")
    parser.add_argument("command", nargs="+")
    options = parser.parse_args(argv)
    read_env_file()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        with running(fast=options.fast) as servers:
            return _run(options.command, servers)
    except LocalError as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


def _run(command: list[str], servers: list[Server]) -> int:
    try:
        child = subprocess.Popen(command, preexec_fn=dies_with_me(signal.SIGTERM))
    except OSError as error:
        raise LocalError(f"cannot run {command[0]}: {error.strerror}") from None
    # A terminal sends Ctrl-C to the child as well, and the child decides what it means.
    signal.signal(signal.SIGINT, lambda *_: None)
    signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            code = child.wait(0.2)
            return code if code >= 0 else 128 - code
        for server in servers:
            if server.process.poll() is not None:
                say(f"{server.name} died (exit code {server.process.returncode}); its last lines:")
                print(*server.last_lines(), sep="\n", file=sys.stderr)
                stop(child, signal.SIGTERM)
                return 1


if __name__ == "__main__":
    die_with_parent(signal.SIGTERM)
    sys.exit(main(sys.argv[1:]))
