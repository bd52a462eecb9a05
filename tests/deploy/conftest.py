"""Real processes on free ports, each test with a data folder of its own, and nothing left behind."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from deploy.local.ground import BASE_DIR, free_port

SECONDS = 120


class Started:
    """A command that runs, what it has said so far, and everything that it started."""

    def __init__(self, command: list[str], environment: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            command,
            cwd=BASE_DIR,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.lines: list[str] = []
        self._said = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._said:
                self.lines.append(line.rstrip())
                self._said.notify_all()
        with self._said:
            self._said.notify_all()

    @property
    def output(self) -> str:
        return "\n".join(self.lines)

    def wait_for_line(self, start: str) -> str:
        def said() -> str | None:
            return next((line for line in self.lines if line.startswith(start)), None)

        with self._said:
            self._said.wait_for(lambda: said() or not self._reader.is_alive(), SECONDS)
            line = said()
        assert line, f"never said {start!r}:\n{self.output}"
        return line

    def family(self) -> list[psutil.Process]:
        me = psutil.Process(self.process.pid)
        return [me, *me.children(recursive=True)]

    def send(self, sig: int) -> None:
        self.process.send_signal(sig)

    def end(self) -> int:
        """Wait until it has ended, and return its exit code."""
        code = self.process.wait(SECONDS)
        self._reader.join(SECONDS)
        if self.process.stdout:
            self.process.stdout.close()
        return code


def all_gone(processes: list[psutil.Process]) -> bool:
    """Tell whether all of them end within the limit. One that only waits to be collected has ended."""
    return not [each for each in psutil.wait_procs(processes, timeout=20)[1] if is_alive(each)]


def is_alive(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


@contextlib.contextmanager
def new_folder() -> Iterator[Path]:
    # Not below pytest's own folder: root's is closed to the user that Postgres runs as.
    folder = Path(tempfile.mkdtemp(prefix="guildhall-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def environment_of(folder: Path) -> dict[str, str]:
    """Return the environment of somebody who has set nothing."""
    kept = {key: os.environ[key] for key in ("PATH", "HOME", "LANG", "TMPDIR") if key in os.environ}
    return kept | {"DATA_DIR": str(folder), "PORT": str(free_port()), "ENV_FILE": os.devnull}


@pytest.fixture
def data_folder() -> Iterator[Path]:
    with new_folder() as folder:
        yield folder


@pytest.fixture
def environment(data_folder: Path) -> dict[str, str]:
    return environment_of(data_folder)


@pytest.fixture(scope="session")
def settled_folder() -> Iterator[Path]:
    """The data of a hall that was open once."""
    with new_folder() as folder:
        hall = Started([sys.executable, "-m", "deploy.local.run"], environment_of(folder))
        hall.wait_for_line("ready ")
        hall.send(signal.SIGINT)
        assert hall.end() == 0, hall.output
        yield folder


@pytest.fixture
def settled(settled_folder: Path, data_folder: Path) -> None:
    """Begin with the data of a hall that was open once: it opens sooner than a new one."""
    # With owners and modes: Postgres opens no folder of somebody else.
    subprocess.run(["cp", "-a", f"{settled_folder}/.", data_folder], check=True)


@pytest.fixture
def start(environment: dict[str, str]) -> Iterator[Callable[..., Started]]:
    """Start a module of `deploy.local`: `start("servers", "--", "true", PORT="8001")`."""
    started: list[Started] = []

    def begin(module: str, *arguments: str, **settings: str) -> Started:
        command = [sys.executable, "-m", f"deploy.local.{module}", *arguments]
        started.append(Started(command, environment | settings))
        return started[-1]

    yield begin
    for each in started:
        family = each.family() if each.process.poll() is None else []
        for process in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGKILL)
        each.end()
