"""What a grant costs, and whether it holds: 32 threads in four processes reserve for one hot person.

The peers: django-quotas (check, then add), and one conditional `UPDATE` per grant, which is what most halls would write
by hand: no lease, no key, one number. Ours finds all scopes, keeps a row under a key and a lease, and may be asked
twice. Three more designs are measured beside it on the table of the plain `UPDATE`: without waiting for the disk, and
the allowance split over 16 rows (escrow), with and without. *Grants* is how many of 160 wishes pass a limit of 100:
more than 100 is overshoot. *Added to an upload* is one reservation and one commit, alone and with seven others.
"""

from functools import partial

from bench.contenders import Contender
from bench.rounds import compare

SIDE = "bench.sides.quotas"
PROCESSES = 4
THREADS = 8
WISHES = 3200
ROUNDS = 5


def main() -> None:
    groups = {
        "ours": group("config.settings"),
        "django-quotas": group("bench.settings.quotas_peer"),
        "one conditional UPDATE": group("bench.settings.quotas_plain"),
    }
    ours, peer, plain = groups.values()
    designs = {
        "one conditional UPDATE, not waiting for the disk": (plain, "unhurried"),
        "escrow over 16 rows": (plain, "escrow"),
        "escrow over 16 rows, not waiting for the disk": (plain, "escrow_unhurried"),
    }
    compare(
        "grants at a limit of 100, 160 wishes of 32 threads on one person",
        ours=partial(grants, ours, "ours"),
        peers={
            "django-quotas": partial(grants, peer, "django_quotas"),
            "one conditional UPDATE": partial(grants, plain, "plain"),
            **{name: partial(grants, sides, way) for name, (sides, way) in designs.items()},
        },
        unit="grants",
        rounds=ROUNDS,
        warmups=0,
    )
    compare(
        "grants a second on one hot person, 32 threads",
        ours=partial(rate, ours, "ours", WISHES),
        peers={
            "django-quotas": partial(rate, peer, "django_quotas", WISHES // 10),
            "one conditional UPDATE": partial(rate, plain, "plain", WISHES),
            **{name: partial(rate, sides, way, WISHES) for name, (sides, way) in designs.items()},
        },
        unit="grants/s",
        rounds=ROUNDS,
    )
    compare(
        "added to an upload, alone",
        ours=partial(ours[0], "added", times=300, threads=1),
        peers={},
        unit={"reserve p50": "ms", "reserve p99": "ms", "both p50": "ms", "both p99": "ms"},
        rounds=ROUNDS,
    )
    compare(
        "added to an upload, eight people at once",
        ours=partial(ours[0], "added", times=50, threads=8),
        peers={},
        unit={"reserve p50": "ms", "reserve p99": "ms", "both p50": "ms", "both p99": "ms"},
        rounds=ROUNDS,
    )
    for sides in groups.values():
        for side in sides:
            side.stop()


def group(settings: str) -> list[Contender]:
    """Return the processes of one side, all on the same database."""
    first = Contender(SIDE, settings=settings, DATABASE_POOL_MAX=str(THREADS + 2))
    rest = [
        Contender(SIDE, settings=settings, beside=first, DATABASE_POOL_MAX=str(THREADS + 2))
        for _ in range(PROCESSES - 1)
    ]
    return [first, *rest]


def grants(sides: list[Contender], way: str) -> float:
    """Return how many of 160 wishes were granted."""
    sides[0]("begin", way=way, limit=100)
    return sum(granted for granted, _ in asked(sides, way, 160))


def rate(sides: list[Contender], way: str, wishes: int) -> float:
    """Return how many a second were granted by the processes together, where there is room for all."""
    sides[0]("begin", way=way, limit=10**9)
    answers = asked(sides, way, wishes)
    return sum(granted for granted, _ in answers) / max(seconds for _, seconds in answers)


def asked(sides: list[Contender], way: str, wishes: int) -> list[tuple[float, float]]:
    for side in sides:
        side("warm", way=way, threads=THREADS)
    for side in sides:
        side.send("ask", way=way, wishes=wishes // PROCESSES, threads=THREADS)
    return [tuple(side.answer()) for side in sides]


if __name__ == "__main__":
    main()
