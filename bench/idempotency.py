"""What a key costs, and whether it holds: one view that writes one row in a transaction of its own, asked through the
WSGI handler, behind our decorator, behind django-idempotency-key, and without a key.

Ours writes its record to Postgres in every case; the effect waits for the disk, the claim
and the answer do not. The peer keeps answers in the memory of one process (as it
comes) or in Redis (shared); both are faster for that, and both forget. *Added* is the median of the view with a new key
minus the median of the same view without one, asked in turns in the same process. In the race, four processes send the
same request 50 times each, 8 at once, to a view that waits 50 ms before its effect, as for a payment provider: the
number is how often the effect happened.
"""

import uuid
from functools import partial

from bench.contenders import Contender
from bench.rounds import compare

SIDE = "bench.sides.idempotency"
REQUESTS = 300
ROUNDS = 9
PROCESSES = 4
RETRIES = 200
THREADS = 8


def main() -> None:
    groups = {name: group(settings) for name, settings in SETTINGS.items()}
    ours, *_ = groups["ours"]
    peers = {name: sides[0] for name, sides in groups.items() if name != "ours"}
    compare(
        "added by a new key",
        ours=partial(ours, "added", times=REQUESTS),
        peers={name: partial(peer, "added", times=REQUESTS) for name, peer in peers.items()},
        unit="ms",
        rounds=ROUNDS,
    )
    compare(
        "a request with a new key",
        ours=partial(ours, "first_requests", page="/keyed", times=REQUESTS),
        peers={
            "the same view without a key": partial(ours, "first_requests", page="/plain", times=REQUESTS),
            **{name: partial(peer, "first_requests", page="/keyed", times=REQUESTS) for name, peer in peers.items()},
        },
        unit={"p50": "ms", "p99": "ms"},
        rounds=ROUNDS,
    )
    compare(
        "a replay",
        ours=partial(ours, "replays", times=REQUESTS),
        peers={name: partial(peer, "replays", times=REQUESTS) for name, peer in peers.items()},
        unit={"p50": "ms", "p99": "ms"},
        rounds=ROUNDS,
    )
    compare(
        f"effects of {RETRIES} concurrent retries of one key over {PROCESSES} processes",
        ours=partial(race, groups["ours"]),
        peers={name: partial(race, sides) for name, sides in groups.items() if name != "ours"},
        unit="effects",
        warmups=0,
    )
    for sides in groups.values():
        for side in sides:
            side.stop()


SETTINGS = {
    "ours": "bench.settings.keys",
    "django-idempotency-key": "bench.settings.keys_peer",
    "django-idempotency-key on Redis": "bench.settings.keys_peer_shared",
}


def group(settings: str) -> list[Contender]:
    """Return the processes of one side, all on the same database and the same Redis."""
    first = Contender(SIDE, settings=settings)
    sides = [first, *(Contender(SIDE, settings=settings, beside=first) for _ in range(PROCESSES - 1))]
    for side in sides:
        side("begin")
    return sides


def race(sides: list[Contender]) -> float:
    key, before = str(uuid.uuid4()), sides[0]("effects")
    for side in sides:
        side.send("retry", key=key, times=RETRIES // PROCESSES, threads=THREADS)
    for side in sides:
        side.answer()
    return sides[0]("effects") - before


if __name__ == "__main__":
    main()
