"""Play the registered parts of the demo hall, each once."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from django.conf import settings
from django.db import connection, transaction

from config.models import DemoPart
from lib import demo


class NotADemo(Exception):
    """The hall is not in demo mode; the message is for the maintainer."""


class Seeded(NamedTuple):
    """How many parts were played now and how many before, and the rows that were made, by kind."""

    played: int
    skipped: int
    rows: Mapping[str, int]


def seed_demo(*, seed: int, now: datetime) -> Seeded:
    """Play each part that this database has not seen, in a transaction of its own. Raise NotADemo.

    Two runs at once meet at the part's key: the second waits for the first, and then has nothing to do.
    """
    if not settings.DEMO:
        raise NotADemo("this is not a demo hall: its people share one password, so DEMO=on has to be said first")
    made: Counter[str] = Counter()
    played = 0
    parts = demo.parts()
    for slug, furnish in parts:
        with transaction.atomic(durable=True):
            _be_patient()
            _, is_first = DemoPart.objects.get_or_create(slug=slug, defaults={"seed": seed, "played_at": now})
            if is_first:
                made.update(furnish(demo.scene(slug, seed=seed, now=now, password=settings.DEMO_PASSWORD)))
                played += 1
    return Seeded(played, len(parts) - played, made)


def _be_patient() -> None:
    """Wait for another run for as long as a part takes: that is more than a page may wait for a lock."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '5min'; SET LOCAL statement_timeout = '5min'")
