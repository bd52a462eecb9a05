"""How often this process served what: counted in memory, handed to Redis in batches, never at a call.

A process that is killed loses what it counted since its last batch, and a Redis that is emptied loses a minute: the
counts say how much a flag is used, and nothing is decided by them.
"""

import json
import os
import threading
import time
from collections import Counter

import structlog
from django.conf import settings
from django_redis import get_redis_connection
from redis import RedisError

log = structlog.get_logger(__name__)

COUNTS_KEY = "flags:counts"
EXPOSURES_KEY = "flags:exposures"
EXPOSURES_MAX = 200
EXPOSURES_IN_REDIS_MAX = 5000

Key = tuple[str, str]


class Tally:
    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begin with nothing, and with a lock that nobody holds: what a forked child needs, or it counts twice."""
        self._lock = threading.Lock()
        self._counts: Counter[Key] = Counter()
        self._seen: dict[Key, int] = {}
        # One row for each person and variant in a batch, however often they asked.
        self._exposures: dict[tuple[str, str, str], tuple[str, int, float]] = {}
        self._flush_at = time.monotonic() + settings.FLAG_FLUSH_SECONDS if settings.configured else 0.0

    def note(self, key: str, variant: str, person: str, reason: str, rule: int) -> None:
        here = (key, variant)
        with self._lock:
            self._counts[here] += 1
            seen = self._seen[here] = self._seen.get(here, 0) + 1
            if (seen - 1) % settings.FLAG_SAMPLE_EVERY == 0 and len(self._exposures) < EXPOSURES_MAX:
                self._exposures[key, variant, person] = (reason, rule, time.time())

    def flush_when_due(self) -> None:
        if self._counts and time.monotonic() >= self._flush_at:
            self.flush()

    def flush(self) -> None:
        """Hand everything to Redis; what it did not take is counted again with the next batch."""
        with self._lock:
            counts, exposures = self._counts, self._exposures
            self._counts, self._exposures = Counter(), {}
            self._flush_at = time.monotonic() + settings.FLAG_FLUSH_SECONDS
        if not counts:
            return
        try:
            with get_redis_connection().pipeline() as pipeline:
                for (key, variant), count in counts.items():
                    pipeline.hincrby(COUNTS_KEY, f"{key}\n{variant}", count)
                for (key, variant, person), (reason, rule, at) in exposures.items():
                    pipeline.rpush(EXPOSURES_KEY, json.dumps([key, variant, person, reason, rule, at]))
                pipeline.ltrim(EXPOSURES_KEY, -EXPOSURES_IN_REDIS_MAX, -1)
                pipeline.execute()
        except RedisError as error:
            log.warning("flag_counts_kept", error=type(error).__name__)
            with self._lock:
                self._counts.update(counts)


tally = Tally()
os.register_at_fork(after_in_child=tally.forget)
