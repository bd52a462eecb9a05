"""What a like costs on the hottest thing: sixteen threads of one process, each act by another person.

Ours is `likes.set_reaction` as the page calls it, with its checks. The peers: django-vote's `up()`, which locks and
saves the row of the thing, and the least that somebody writes by hand, an insert and an upsert of the count in one
transaction. The rate is better the higher it is, so there a ratio over 1 is ours. That a million random acts with
killed workers leave no drift is shown by `python -m tests.faults.storm`.
"""

from functools import partial

from bench.contenders import Contender
from bench.rounds import compare, median, report

SIDE = "bench.sides.likes"
ACTS = 2400
ROUNDS = 5


def main() -> None:
    sides = {
        "ours": (Contender(SIDE, DATABASE_POOL="off"), "begin_ours"),
        "insert and upsert": (Contender(SIDE, DATABASE_POOL="off"), "begin_plain"),
        "django-vote": (Contender(SIDE, settings="bench.settings.votable", DATABASE_POOL="off"), "begin_vote"),
    }
    for contender, begin in sides.values():
        contender(begin)
    ours, _ = sides.pop("ours")
    compare(
        "a like of one hot thing, 16 threads",
        ours=partial(ours, "storm", acts=ACTS),
        peers={
            name: partial(contender, "storm", acts=ACTS if name != "django-vote" else ACTS // 4)
            for name, (contender, _) in sides.items()
        },
        unit={"rate": "likes a second", "p50": "ms", "p99": "ms"},
        rounds=ROUNDS,
    )
    compare("counts, mine and names for a page of 50", ours=partial(ours, "page"), peers={}, unit="ms", rounds=ROUNDS)
    report("counts that are wrong afterwards", median([ours("drift")]), "counts")
    for contender in (ours, *(contender for contender, _ in sides.values())):
        contender.stop()


if __name__ == "__main__":
    main()
