"""The invented hall of demo mode: each app registers its part in its `ready()`, and `manage.py seed_demo` plays them.

    demo.register("bookings", furnish)

A part is played once in the life of a database, whole or not at all, in the order of registration: lower apps first,
so that a part finds the people and things of the parts before it. It writes rows of the past straight to its tables
(the services stamp the present), takes every choice from `scene.random` and every moment from `scene.now`, and returns
how many rows of each kind it made.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

DOMAIN = "demo.test"
# Who the stories are about: Alice owns, Bob and Carol may, Mallory may not, Olga is the operator.
LEADS = ("alice", "bob", "carol", "mallory", "olga")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What a part may depend on: the same seed and moment give the same rows."""

    now: datetime
    password: str
    random: Random

    def ago(self, **span: float) -> datetime:
        """Return the moment that lies so many `days`, `hours`, ... back."""
        return self.now - timedelta(**span)


Furnish = Callable[[Scene], Mapping[str, int]]

_parts: dict[str, Furnish] = {}


def register(slug: str, furnish: Furnish) -> None:
    """Add an app's part. Raise ValueError for a slug that is taken."""
    if _parts.get(slug, furnish) is not furnish:
        raise ValueError(f"a part named {slug!r} is registered already")
    _parts[slug] = furnish


def unregister(slug: str) -> None:
    del _parts[slug]


def parts() -> list[tuple[str, Furnish]]:
    return list(_parts.items())


def scene(slug: str, *, seed: int, now: datetime, password: str) -> Scene:
    """Return the scene of one part; another part's choices do not shift this one's."""
    return Scene(now=now, password=password, random=Random(f"{seed}:{slug}"))  # noqa: S311  (believable, not secret)


def address(name: str) -> str:
    """Return the mail address of an invented person."""
    return f"{name}@{DOMAIN}"
