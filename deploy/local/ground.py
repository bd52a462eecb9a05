"""What the local servers stand on: the data folder, its lock, its secrets, free ports, and how to say no."""

import contextlib
import fcntl
import os
import secrets
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import environ

BASE_DIR = Path(__file__).resolve().parents[2]
LOOPBACK = "127.0.0.1"
NEEDED_BYTES = 300 * 1024 * 1024


class LocalError(Exception):
    """The servers cannot run here; the message is one line for the person."""


def read_env_file() -> None:
    """Take what the environment does not say from `.env`, as the settings do."""
    environ.Env.read_env(os.environ.get("ENV_FILE", str(BASE_DIR / ".env")), overwrite=False)


def data_dir() -> Path:
    """Return DATA_DIR, made when it is not there, with room to work in."""
    path = Path(os.environ.get("DATA_DIR") or BASE_DIR / "var").absolute()
    try:
        path.mkdir(parents=True, exist_ok=True)
        # Others may pass through to what is theirs and may not look around.
        if path.stat().st_uid == os.geteuid():
            path.chmod(0o711)
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        raise LocalError(f"cannot write to DATA_DIR {path}: {error.strerror}") from None
    free = shutil.disk_usage(path).free
    if free < NEEDED_BYTES:
        raise LocalError(f"only {free // 2**20} MB are free for DATA_DIR {path}; {NEEDED_BYTES // 2**20} MB are needed")
    os.environ["DATA_DIR"] = str(path)
    return path


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder for this process; the lock ends with the process, however that ends."""
    path = folder / "lock"
    try:
        held = path.open("a+")
    except PermissionError:
        raise LocalError(
            f"{path} belongs to another user: run as that user, or choose another folder with DATA_DIR"
        ) from None
    with held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            held.seek(0)
            owner = held.read().strip() or "unknown"
            raise LocalError(
                f"{folder} is in use by process {owner}: stop it, or choose another folder with DATA_DIR"
            ) from None
        held.truncate(0)
        held.write(f"{os.getpid()}\n")
        held.flush()
        yield


def secret(path: Path) -> str:
    """Return the secret that the file holds, made on first use and readable by its owner only."""
    with contextlib.suppress(FileExistsError):
        with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False) as fresh:  # mode 0600
            fresh.write(secrets.token_hex(32))
        try:
            os.link(fresh.name, path)
        finally:
            Path(fresh.name).unlink()
    return path.read_text().strip()


def free_port() -> int:
    with socket.create_server((LOOPBACK, 0)) as listener:
        return listener.getsockname()[1]


def say(line: str) -> None:
    print(f"servers: {line}", file=sys.stderr, flush=True)
