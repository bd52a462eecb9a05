"""The registry of panels on the Operations page.

An app registers a function that reads its figures, in its `ready()`:

    operations.register("sessions", "Sessions", collect)

The page shows each panel, and /metrics each number. A panel that raises is shown as one that could not be read.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

log = logging.getLogger(__name__)

State = Literal["", "ok", "wait", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Values at even steps, oldest first; `span` says how long all of them took, as in "24 hours"."""

    values: Sequence[float]
    span: str


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of a panel. A `state` other than "" colours it; a `series` is drawn beside it."""

    label: str
    value: int | float | str | None
    unit: str = ""
    state: State = ""
    series: Series | None = None


Collect = Callable[[], Sequence[Figure]]


@dataclass(frozen=True, slots=True)
class Panel:
    """A panel as it was read; `figures` is None when it could not be."""

    slug: str
    title: str
    figures: Sequence[Figure] | None

    @property
    def state(self) -> State:
        """The worst state among the figures."""
        if self.figures is None:
            return "failed"
        states = {figure.state for figure in self.figures}
        worst: tuple[State, ...] = ("failed", "wait", "ok")
        return next((state for state in worst if state in states), "")


_panels: dict[str, tuple[str, Collect]] = {}


def register(slug: str, title: str, collect: Collect) -> None:
    """Add a panel; pages show them in the order of registration. Raise ValueError for a slug that is taken."""
    if slug in _panels and _panels[slug][1] is not collect:
        raise ValueError(f"a panel named {slug!r} is registered already")
    _panels[slug] = (title, collect)


def unregister(slug: str) -> None:
    del _panels[slug]


def read_all() -> list[Panel]:
    """Read every panel; one that raises is logged and has no figures."""
    return [_read(slug, title, collect) for slug, (title, collect) in list(_panels.items())]


def _read(slug: str, title: str, collect: Collect) -> Panel:
    try:
        return Panel(slug, title, list(collect()))
    except Exception:  # a broken panel must not hide the others
        log.exception("operations panel %s could not be read", slug)
        return Panel(slug, title, None)
