"""What a decision costs: 100 flags, each a 50 % rollout and one condition on the country; a warm process of each side.

Ours is `featureflags.enabled(key, context)` as a view calls it, with its look at the snapshot, its count and the
samples of exposures. The peers decide from memory too: GrowthBook's SDK, UnleashClient from a bootstrapped cache and
without metrics, flagd-core with JSON logic, and django-waffle over the local-memory cache. Waffle draws lots and knows
no condition, so it is asked one thing less.

From kill to obedience: the flag is killed and restored by one process, and two web processes and two Celery worker
processes are asked in turns until all of them obey. The time counts from the commit to the first answer that obeys, so
it includes the wait for that process's turn to be asked. The worker processes are replaced after 1,000 tasks, as they
are in the hall: whoever takes a place during a look has to obey from its first task.
"""

import contextlib
import http.client
import os
import subprocess
import sys
import time
from functools import partial

from bench.contenders import Contender
from bench.rounds import compare, median, percentiles, report
from deploy.local.ground import LOOPBACK, free_port

SIDE = "bench.sides.featureflags"
TIMES = 20_000
ROUNDS = 9
KILLS = 50
PATIENCE_SECONDS = 30
SLOW_SECONDS = 0.7
PEERS = {
    "GrowthBook": ("begin_growthbook", "bench.settings.bare"),
    "UnleashClient": ("begin_unleash", "bench.settings.bare"),
    "flagd-core": ("begin_flagd", "bench.settings.bare"),
    "django-waffle": ("begin_waffle", "bench.settings.waffle"),
}


def main() -> None:
    ours = Contender(SIDE)
    ours("begin_ours")
    peers = {}
    for name, (begin, settings) in PEERS.items():
        peers[name] = Contender(SIDE, settings=settings)
        peers[name](begin)
    compare(
        "one decision of 100 flags",
        ours=partial(ours, "measure", times=TIMES),
        peers={name: partial(peer, "measure", times=TIMES) for name, peer in peers.items()},
        unit="µs",
        rounds=ROUNDS,
    )
    for peer in peers.values():
        peer.stop()
    compare(
        "a flag with 20 rules, the last one matches",
        ours=partial(ours, "measure_many_rules", times=TIMES),
        peers={},
        unit="µs",
        rounds=ROUNDS,
    )
    errors = [ours("distribution", share=share, people=100_000) for share in (1_000, 10_000, 33_333, 50_000, 90_000)]
    report("error of a rollout over 100,000 people, the worst of five shares", median([max(errors)]), "points")
    obedience(ours)
    ours.stop()


def obedience(ours: Contender) -> None:
    """Measure how long after a kill each of four processes obeys."""
    with contextlib.ExitStack() as stack:
        ports = [free_port(), free_port()]
        for port in ports:
            stack.enter_context(running(ours, *_web(port)))
        stack.enter_context(running(ours, *_worker()))
        waits: list[float] = []
        look(ours, ports, on=True, since=time.time())
        for _ in range(KILLS):
            for on in (False, True):
                waits += look(ours, ports, on=on, since=ours("switch", on=on))
    found = percentiles(waits, per="ms")
    print(f"bench: from kill to obedience: {len(waits)} answers", file=sys.stderr, flush=True)
    for name, number in found.items():
        report(f"from kill to obedience, 2 web and 2 worker processes: {name}", median([number]), "ms")


def look(ours: Contender, ports: list[int], *, on: bool, since: float) -> list[float]:
    """Ask all four until they say so; return the seconds that each took."""
    obeyed: dict[str, float] = {}
    deadline = time.monotonic() + PATIENCE_SECONDS
    while len(obeyed) < 4:
        if time.monotonic() > deadline:
            raise SystemExit(f"bench: only {sorted(obeyed)} obeyed")
        ours("ring")
        for port in ports:
            if f"web {port}" not in obeyed and answers(port) == on:
                obeyed[f"web {port}"] = time.time() - since
        for line in ours("seen"):
            pid, answer, at = line.split()
            if bool(int(answer)) == on and float(at) >= since:
                obeyed.setdefault(f"worker {pid}", float(at) - since)
    if max(obeyed.values()) > SLOW_SECONDS:
        print(f"bench: slow: {obeyed}", file=sys.stderr, flush=True)
    return list(obeyed.values())


def answers(port: int) -> bool | None:
    """Return whether the front page lets people join; None while nobody answers."""
    with contextlib.suppress(OSError):
        there = http.client.HTTPConnection(LOOPBACK, port, timeout=5)
        with contextlib.closing(there):
            there.request("GET", "/")
            return b"Join the hall" in there.getresponse().read()
    return None


@contextlib.contextmanager
def running(ours: Contender, *command: str):
    process = subprocess.Popen(
        [sys.executable, "-m", *command],
        env=os.environ | ours.environment | {"DJANGO_SETTINGS_MODULE": "config.settings"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def _web(port: int) -> list[str]:
    return [
        *("gunicorn", "config.wsgi", "--bind", f"{LOOPBACK}:{port}", "--worker-class", "gthread", "--workers", "1"),
        *("--threads", "4", "--config", "python:deploy.local.gunicorn", "--no-control-socket"),
    ]


def _worker() -> list[str]:
    return [
        *("deploy.local.worker", "--app", "config", "worker", "--concurrency", "2", "--loglevel", "WARNING"),
        *("--without-gossip", "--without-mingle", "--include", SIDE),
    ]


if __name__ == "__main__":
    main()
