"""Measure ours and its peers in turns, and print one line a case: `case, ours, peer, ratio, unit`.

    from bench.rounds import compare, timings

    def main() -> None:
        compare(
            "evaluate one flag",
            ours=lambda: timings(ours_evaluate, times=5000, per="µs"),
            peers={"django-waffle": lambda: timings(waffle_evaluate, times=5000, per="µs")},
            unit="µs",
        )

    if __name__ == "__main__":
        main()

A side is a function that does one round and returns its number, or several numbers by name (`{"p50": 1.2, "p99":
3.4}`, each of which gets its own line, with `unit` a dictionary by the same names where they differ). Each round asks
every side once, in a new order, after one round that is thrown away. What is printed is the median of the rounds and,
in brackets, the lowest and the highest of them. The ratio is ours through the peer's: under 1, ours is the smaller.
"""

import csv
import gc
import random
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

Numbers = float | Mapping[str, float]
Side = Callable[[], Numbers]

ROUNDS = 5
PER_SECOND = {"s": 1, "ms": 1e3, "µs": 1e6}


class Median(NamedTuple):
    middle: float
    lowest: float
    highest: float

    def __str__(self) -> str:
        if self.lowest == self.highest:
            return shown(self.middle)
        return f"{shown(self.middle)} ({shown(self.lowest)}–{shown(self.highest)})"


def compare(
    case: str,
    *,
    ours: Side,
    peers: Mapping[str, Side],
    unit: str | Mapping[str, str],
    rounds: int = ROUNDS,
    warmups: int = 1,
) -> None:
    """Run all sides in turns and print a line for each number and peer; without a peer, a line for ours alone."""
    sides = {"ours": ours, **peers}
    numbers: dict[str, dict[str, list[float]]] = {name: {} for name in sides}
    for turn in range(-warmups, rounds):
        print(
            f"bench: {case}: {'warm up' if turn < 0 else f'round {turn + 1} of {rounds}'}", file=sys.stderr, flush=True
        )
        for name in random.sample(list(sides), len(sides)):
            gc.collect()
            found = sides[name]()
            if turn >= 0:
                for metric, number in found.items() if isinstance(found, Mapping) else [("", found)]:
                    numbers[name].setdefault(metric, []).append(number)
    for metric, mine in numbers["ours"].items():
        label = f"{case}: {metric}" if metric else case
        measure = unit if isinstance(unit, str) else unit[metric]
        for peer in peers:
            if metric in numbers[peer]:
                report(label, median(mine), measure, peer=peer, peers=median(numbers[peer][metric]))
        if not peers:
            report(label, median(mine), measure)


def report(case: str, ours: Median, unit: str, *, peer: str = "", peers: Median | None = None) -> None:
    """Print one line for a case that was measured in another way than by `compare`."""
    theirs, ratio = "—", "—"
    if peers is not None:
        theirs = f"{peer}: {peers}"
        ratio = f"{ours.middle / peers.middle:.2f}" if peers.middle else "—"
    csv.writer(sys.stdout, lineterminator="\n").writerow([case, ours, theirs, ratio, unit])
    sys.stdout.flush()


def timings(call: Callable[[], object], *, times: int, per: str) -> dict[str, float]:
    """Call it so many times and return the median and the 99th percentile of one call, in `per`.

    Nothing is collected meanwhile, so that no call pays for the garbage of another.
    """
    return percentiles(durations(call, times=times), per=per)


def durations(call: Callable[[], object], *, times: int) -> list[float]:
    """Return the seconds of each of so many calls."""
    clock, taken = time.perf_counter, []
    gc.collect()
    gc.disable()
    try:
        for _ in range(times):
            start = clock()
            call()
            taken.append(clock() - start)
    finally:
        gc.enable()
    return taken


def percentiles(seconds: list[float], *, per: str) -> dict[str, float]:
    ordered = sorted(seconds)
    return {
        "p50": statistics.median(ordered) * PER_SECOND[per],
        "p99": ordered[max(0, -(-99 * len(ordered) // 100) - 1)] * PER_SECOND[per],
    }


def median(numbers: list[float]) -> Median:
    return Median(statistics.median(numbers), min(numbers), max(numbers))


def shown(number: float) -> str:
    """Three figures, and whole numbers as they are: more would be noise."""
    if number == int(number):
        return f"{int(number):,}"
    if abs(number) >= 100:
        return f"{number:,.0f}"
    return f"{number:.3g}"
