"""What waits for a person on the home page: apps register a function, the home page asks all of them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

Tone = Literal["wait", "info", "danger", "go"]
Collect = Callable[[Any], Iterable["Wait"]]

_collectors: list[Collect] = []


@dataclass(frozen=True)
class Wait:
    """One thing to do: where `act` leads is `url`; `until` is the moment at which it is too late."""

    title: str
    sentence: str
    act: str
    url: str
    tone: Tone = "wait"
    until: datetime | None = None


def register(collect: Collect) -> None:
    """Ask `collect(user)` at every home page; called from an app's `ready()`."""
    if collect not in _collectors:
        _collectors.append(collect)


def for_person(user: Any) -> list[Wait]:
    """Return everything that waits for `user`, the nearest deadline first, then in the order of registration."""
    waits = [wait for collect in _collectors for wait in collect(user)]
    return sorted(waits, key=lambda wait: wait.until or datetime.max.replace(tzinfo=UTC))
