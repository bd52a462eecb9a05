"""Real processes for tests: started, paused, stopped at named points and killed, and never left behind."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

import psutil

from deploy.local.orphans import dies_with_me

ROOT = Path(__file__).resolve().parents[2]
WAIT_SECONDS = 30.0
LOOPBACK = "127.0.0.1"


class FaultError(AssertionError):
    """What was waited for did not happen."""


def until(condition: Callable[[], object], what: str, *, process: "Process | None" = None) -> None:
    """Return when the condition holds; fail when its process ends first or the time is over."""
    deadline = time.monotonic() + WAIT_SECONDS
    pause = threading.Event()
    while not condition():
        if process is not None and process.code is not None:
            raise FaultError(f"{what}: the process ended with {process.code}\n{process.output()}")
        if time.monotonic() > deadline:
            raise FaultError(f"{what}: not within {WAIT_SECONDS:.0f} s\n{process.output() if process else ''}")
        pause.wait(0.01)


def free_port() -> int:
    with socket.create_server((LOOPBACK, 0)) as listener:
        return int(listener.getsockname()[1])


def listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection((LOOPBACK, port), timeout=1):
        return True
    return False


class Point(NamedTuple):
    """A process that stands still at a named point."""

    name: str
    pid: int
    connection: socket.socket

    def go_on(self) -> None:
        self.connection.sendall(b"go")
        self.connection.close()


class Process:
    """One command with its forks. As a context manager it is started, and killed at the end."""

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        env: Mapping[str, str] | None = None,
        user: int | None = None,
        group: int | None = None,
    ) -> None:
        self.command = [str(part) for part in command]
        self.folder = Path(tempfile.mkdtemp(prefix="faults-"))
        # Others pass through: a server that refuses to be root keeps its data inside.
        self.folder.chmod(0o711)
        self.env = dict(os.environ) | dict(env or {}) | {"FAULTS_SOCKET": str(self.folder / "points")}
        self.account = {"user": user, "group": group, "extra_groups": []} if user is not None else {}
        self._process: subprocess.Popen[bytes] | None = None
        self._standing: list[Point] = []
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(self.env["FAULTS_SOCKET"])
        self._listener.listen(64)

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    @property
    def pid(self) -> int:
        assert self._process is not None, "not started"
        return self._process.pid

    @property
    def code(self) -> int | None:
        """The exit code, negative for a signal; None while it runs."""
        return self._process.poll() if self._process is not None else None

    def output(self) -> str:
        log = self.folder / "log"
        return log.read_text(errors="replace") if log.exists() else ""

    def start(self) -> None:
        assert self._process is None or self.code is not None, "it still runs"
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self.command,
                cwd=ROOT if not self.account else "/",
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=dies_with_me(),
                **self.account,  # type: ignore[call-overload]
            )
        self.wait_until_ready()

    def wait_until_ready(self) -> None:
        """A process that answers nobody is ready when it runs."""

    def wait_for_line(self, words: str) -> None:
        until(lambda: words in self.output(), f"waiting for {words!r}", process=self)

    def wait(self) -> int:
        """Return the exit code of a process that ends by itself."""
        assert self._process is not None, "not started"
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self._process.wait(WAIT_SECONDS)
        raise FaultError(f"it does not end\n{self.output()}")

    def stop(self) -> None:
        """End it and its forks without warning, as a power cut does."""
        self._signal(signal.SIGKILL)
        if self._process is not None:
            self._process.wait(WAIT_SECONDS)
        until(lambda: not self._members(), "waiting for the last fork to end")

    kill = stop

    def terminate(self) -> int:
        """Ask it to end, and return its exit code."""
        os.kill(self.pid, signal.SIGTERM)
        return self.wait()

    def pause(self) -> None:
        """Stop it in the middle of whatever it does: connections stay open and nobody answers."""
        self._signal(signal.SIGSTOP)
        until(lambda: all(each.status() == psutil.STATUS_STOPPED for each in self._members()), "pausing", process=self)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def reached(self, name: str) -> Point:
        """Return the point when some thread of this process stands at it; other points stay where they are."""

        def look() -> bool:
            self._listener.settimeout(0)
            with contextlib.suppress(BlockingIOError):
                while True:
                    connection, _ = self._listener.accept()
                    connection.settimeout(WAIT_SECONDS)
                    pid, _, point = connection.makefile().readline().strip().partition(" ")
                    self._standing.append(Point(point, int(pid), connection))
            return any(point.name == name for point in self._standing)

        until(look, f"waiting for {name}", process=self)
        found = next(point for point in self._standing if point.name == name)
        self._standing.remove(found)
        return found

    def close(self) -> None:
        self.stop()
        for point in self._standing:
            point.connection.close()
        self._listener.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _signal(self, number: int) -> None:
        if self._process is not None:
            # A killed leader is gone from the table while its forks still run in its group.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)

    def _members(self) -> list[psutil.Process]:
        """Return the living processes of the group."""
        found = []
        for each in psutil.process_iter():
            with contextlib.suppress(psutil.NoSuchProcess, ProcessLookupError):
                if os.getpgid(each.pid) == self.pid and each.status() != psutil.STATUS_ZOMBIE:
                    found.append(each)
        return found if self._process is not None else []


def lives(process: psutil.Process) -> bool:
    """Tell whether a process runs: one that has ended and was not asked for its code does not."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def python(program: Sequence[str | Path], stop_at: Sequence[str] = ()) -> list[str | Path]:
    """Return the command that runs a Python program (`-c CODE`, `-m MODULE`, `FILE`) and stops it at the points."""
    stops = [part for point in stop_at for part in ("--stop-at", point)]
    return [sys.executable, ROOT / "tests" / "faults" / "child.py", "run", *stops, "--", *program]
