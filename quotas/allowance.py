"""Whether an amount may be used: decided from plain numbers, for one account or for all that a wish charges.

The soft limit works as that of XFS (xfs_quota(8)): it may be passed for the time of a grace, and then it is as hard as
the hard one. The levels are those at which GitLab tells its namespaces.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

State = Literal["normal", "near", "critical", "over"]

GRACE = timedelta(days=7)
LEVELS = (70, 85, 95, 100)
# How far use has to fall below a level before reaching it again is news.
CLEARS_BELOW = 5
LARGEST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Balance:
    """What an account says; a limit of None is none."""

    used: int
    reserved: int
    soft: int | None
    hard: int | None
    soft_passed_at: datetime | None = None
    grace_ends_at: datetime | None = None

    def ceiling(self, now: datetime) -> int | None:
        """Return what use and reservations together may reach now."""
        if self.soft is None or self.soft_passed_at is None:
            return self.hard
        until = self.grace_ends_at or self.soft_passed_at + GRACE
        if now < until:
            return self.hard
        return self.soft if self.hard is None else min(self.soft, self.hard)

    def remaining(self, now: datetime) -> int | None:
        """Return what is still free, never below zero; None where there is no limit."""
        ceiling = self.ceiling(now)
        return None if ceiling is None else max(ceiling - self.used - self.reserved, 0)


def fits(balance: Balance, amount: int, now: datetime) -> bool:
    """Tell whether so much more may be used. What gives back or changes nothing always fits."""
    if amount <= 0:
        return True
    ceiling = balance.ceiling(now)
    total = balance.used + balance.reserved + amount
    return total <= (LARGEST if ceiling is None else ceiling)


@dataclass(frozen=True, slots=True)
class Wish:
    """What each account would be charged, by its key."""

    charges: Mapping[int, int]


def decide(wishes: Sequence[Wish], balances: Mapping[int, Balance], now: datetime) -> list[int | None]:
    """Return for each wish None when it is granted, else the key of the first account that it does not fit into.

    Wishes are decided in their order, each as if those granted before it were reserved. One that is refused takes
    nothing from those after it.
    """
    standing = dict(balances)
    answers: list[int | None] = []
    for wish in wishes:
        refusing = next((key for key, amount in wish.charges.items() if not fits(standing[key], amount, now)), None)
        answers.append(refusing)
        if refusing is None:
            for key, amount in wish.charges.items():
                standing[key] = replace(standing[key], reserved=standing[key].reserved + amount)
    return answers


def percent(used: int, hard: int | None) -> float:
    """Return how full it is; a limit of 0 is full at once, and no limit never."""
    if hard is None:
        return 0.0
    return used * 100 / hard if hard else 100.0


def state_of(balance: Balance) -> State:
    """Return how near the limit what is used has come."""
    full = percent(balance.used, balance.hard)
    if full >= 100:
        return "over"
    if full >= 95:
        return "critical"
    return "near" if full >= 70 else "normal"


def levels_reached(used: int, hard: int | None) -> set[int]:
    """Return the levels that use has come to."""
    full = percent(used, hard)
    return {level for level in LEVELS if full >= level}


def levels_left(used: int, hard: int | None) -> set[int]:
    """Return the levels that use has fallen well below."""
    full = percent(used, hard)
    return {level for level in LEVELS if full < level - CLEARS_BELOW}
