"""What knowing the person costs: a trivial page of somebody signed in, through the WSGI handler of one warm process.

Each side has the middleware that it needs and no other: its session middleware, its authentication middleware and
Django's `LoginRequiredMiddleware`. Ours also has allauth's `AccountMiddleware`, without which allauth does not start,
and allauth's usersessions (with activity tracking on, over `cached_db`) has that and its own. The page reads
`request.user`, so every side loads the person. All sides use Postgres through psycopg's pool, and one Redis: ours
through django-redis, the peers through Django's own Redis cache. Both servers keep what they wrote, as in a
deployment. *The whole hall* is ours with all of the hall's middleware.

Besides the time: how many sessions are still signed in after they were ended while a request of theirs was filling
the cache (at random moments, and held at the worst one); how many pairs of requests that each keep another value in
one session at once lose one of them; how many statements write while a person asks for a page each second; how many
requests fail while Redis is away; and what a sign-in takes (without hashing a password) while `clearsessions` deletes
a million expired rows in another process, beside the same without clearing. Django's `clearsessions` runs on its `db`
engine, and without the hall's limit of 30 seconds for a statement. Ours does more at a sign-in: it knows the device,
writes the security log, and counts the person's sessions under a lock.
"""

import random
import sys
import tempfile
from functools import partial
from pathlib import Path

from bench.contenders import Contender
from bench.rounds import compare, median, percentiles, report
from deploy.local import redis as local_redis

SIDE = "bench.sides.sessions_app"
# Many short rounds: what else the machine does falls on all sides alike.
REQUESTS = 400
ROUNDS = 15
RACES = 200
HELD = 20
PAIRS = 100
EXPIRED = 1_000_000
CLEARINGS = 5
SIGN_INS = 300


def contender(name: str, **environment: str) -> Contender:
    side = Contender(SIDE, settings=f"bench.settings.{name}", **environment)
    side("begin")
    return side


def main() -> None:
    ours = contender("ours")
    cached_db = contender("cached_db")
    db = contender("db")
    peers = {
        "cached_db": cached_db,
        "db": db,
        "allauth usersessions": contender("usersessions"),
        "qsessions cached_db": contender("qsessions"),
    }
    asking(ours, peers)
    whole = contender("whole")
    compare(
        "a page, the whole hall",
        ours=partial(whole, "requests", times=REQUESTS),
        peers={},
        unit={"p50": "ms", "p99": "ms", "SQL statements": "statements"},
        rounds=ROUNDS,
    )
    whole.stop()
    compare(
        "writes while a page is asked each second",
        ours=partial(ours, "writes_a_minute"),
        peers={name: partial(peer, "writes_a_minute") for name, peer in peers.items()},
        unit="statements a minute",
        rounds=1,
        warmups=0,
    )
    racing(ours, cached_db)
    without_redis()
    clearing(ours, db)
    for side in (ours, *peers.values()):
        side.stop()


def asking(ours: Contender, peers: dict[str, Contender]) -> None:
    compare(
        "a page",
        ours=partial(ours, "requests", times=REQUESTS),
        peers={name: partial(peer, "requests", times=REQUESTS) for name, peer in peers.items()},
        unit={"p50": "ms", "p99": "ms", "SQL statements": "statements"},
        rounds=ROUNDS,
    )


def racing(ours: Contender, cached_db: Contender) -> None:
    for case, function, times in (
        (f"still signed in, of {RACES} sessions ended during a request", "survivors_of_chance", RACES),
        (f"still signed in, of {HELD} ended at the worst moment", "survivors_of_the_worst", HELD),
        (f"one of two values lost, of {PAIRS} pairs of requests", "lost_updates", PAIRS),
    ):
        compare(
            case,
            ours=partial(ours, function, times=times),
            peers={"cached_db": partial(cached_db, function, times=times)},
            unit="of " + str(times),
            warmups=0,
        )


def without_redis() -> None:
    """Let everybody sign in, then stop a Redis that only they use."""
    with tempfile.TemporaryDirectory() as folder, local_redis.running(Path(folder), fast=True) as server:
        sides = {
            name: contender(settings, REDIS_URL=server.url)
            for name, settings in {
                "ours": "ours",
                "cached_db": "cached_db",
                "cached_db on django-redis": "cached_db_open",
                "qsessions cached_db": "qsessions",
            }.items()
        }
        server.process.kill()
        server.process.wait()
        ours = sides.pop("ours")
        compare(
            "a page while Redis is away",
            ours=partial(ours, "failures", times=100),
            peers={name: partial(side, "failures", times=100) for name, side in sides.items()},
            unit={"failed": "of 100", "p50": "ms"},
        )
        for side in (ours, *sides.values()):
            side.stop()


def clearing(ours: Contender, db: Contender) -> None:
    sides = {"ours": ours, "db": db}
    clearers = {
        name: Contender(SIDE, settings=f"bench.settings.{name}", beside=side, DATABASE_TIMEOUTS="off")
        for name, side in sides.items()
    }
    numbers: dict[str, dict[str, list[float]]] = {name: {} for name in sides}
    for turn in range(CLEARINGS):
        for name in random.sample(list(sides), len(sides)):
            print(f"bench: clearing: {name}: round {turn + 1} of {CLEARINGS}", file=sys.stderr, flush=True)
            for case, number in clear_beside_sign_ins(sides[name], clearers[name]).items():
                numbers[name].setdefault(case, []).append(number)
    for case, found in numbers["ours"].items():
        unit = "s" if case == "clearing a million rows" else "ms"
        report(case, median(found), unit, peer="db", peers=median(numbers["db"][case]))
    for clearer in clearers.values():
        clearer.stop()


def clear_beside_sign_ins(side: Contender, clearer: Contender) -> dict[str, float]:
    side("add_expired", rows=EXPIRED)
    quiet = side("sign_ins", times=SIGN_INS)
    busy: list[float] = []
    clearer.send("clear_expired")
    while not clearer.has_answered():
        busy += side("sign_ins", times=20)
    seconds = clearer.answer()
    assert side("expired_left") == 0
    alone, beside = percentiles(quiet, per="ms"), percentiles(busy, per="ms")
    return {
        "a sign-in, nothing else going on: p50": alone["p50"],
        "a sign-in, nothing else going on: p99": alone["p99"],
        "a sign-in while a million rows are cleared: p50": beside["p50"],
        "a sign-in while a million rows are cleared: p99": beside["p99"],
        "a sign-in while a million rows are cleared: the slowest": max(busy) * 1000,
        "clearing a million rows": seconds,
    }


if __name__ == "__main__":
    main()
