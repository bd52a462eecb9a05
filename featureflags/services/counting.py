"""What the processes counted, from Redis into rows."""

import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django_redis import get_redis_connection
from redis import ResponseError

from featureflags.evaluation.definitions import storable
from featureflags.models import CountBatch, EvaluationCount, Exposure, Flag
from featureflags.tally import COUNTS_KEY, EXPOSURES_KEY

TAKEN_KEY = "flags:taken:"
CLEAR_BATCH = 5000


def take_over_counts() -> int:
    """Add what waits in Redis to the rows, each batch once; return how many evaluations it held. Raises RedisError.

    A batch is renamed before it is read, and its name is a row in the transaction that adds it: dying anywhere
    neither loses nor doubles it, and of two that find the same batch one adds it.
    """
    redis = get_redis_connection()
    batch = uuid.uuid4()
    for source, kind in ((COUNTS_KEY, "counts"), (EXPOSURES_KEY, "exposures")):
        try:
            redis.renamenx(source, f"{TAKEN_KEY}{batch}:{kind}")
        except ResponseError:  # nothing waits
            continue
    batches = {name.decode().removeprefix(TAKEN_KEY).partition(":")[0] for name in redis.scan_iter(f"{TAKEN_KEY}*")}
    total = 0
    for name in sorted(batches):
        keys = [f"{TAKEN_KEY}{name}:{kind}" for kind in ("counts", "exposures")]
        counts = {key.decode(): int(count) for key, count in redis.hgetall(keys[0]).items()}
        exposures = [json.loads(line) for line in redis.lrange(keys[1], 0, -1)]
        total += _add(uuid.UUID(name), counts, exposures)
        redis.delete(*keys)
    _clear_old()
    return total


@transaction.atomic(durable=True)
def _add(batch: uuid.UUID, counts: dict[str, int], exposures: list[list[Any]]) -> int:
    # Whoever takes the same batch at the same time waits here, and then finds it added.
    _, is_first = CountBatch.objects.get_or_create(pk=batch)
    if not is_first:
        return 0
    now = timezone.now()
    hour = now.replace(minute=0, second=0, microsecond=0)
    ids = dict(Flag.objects.values_list("key", "pk"))
    split = [(name.partition("\n"), count) for name, count in counts.items()]
    pairs = [(key, variant, count) for (key, _, variant), count in split]
    for key, variant, count in sorted(pair for pair in pairs if pair[0] in ids):
        row, created = EvaluationCount.objects.get_or_create(
            flag_id=ids[key], at=hour, variant=variant, defaults={"count": count}
        )
        if not created:
            EvaluationCount.objects.filter(pk=row.pk).update(count=F("count") + count)
    seen = sorted(ids[key] for key in {key for key, _, _ in pairs} if key in ids)
    Flag.objects.filter(pk__in=seen).update(evaluated_at=now)
    Exposure.objects.bulk_create(
        Exposure(
            flag_id=ids[key],
            variant=variant,
            # Integrators call people as they like; a name that no row can hold must not stop the batch.
            person=person if storable(person) else "",
            reason=reason,
            rule=rule,
            at=datetime.fromtimestamp(at, UTC),
        )
        for key, variant, person, reason, rule, at in exposures
        if key in ids
    )
    return sum(count for _, _, count in pairs)


def _clear_old() -> None:
    now = timezone.now()
    old = Exposure.objects.filter(at__lt=now - timedelta(days=settings.FLAG_EXPOSURE_DAYS)).values("pk")[:CLEAR_BATCH]
    Exposure.objects.filter(pk__in=old).delete()
    CountBatch.objects.filter(at__lt=now - timedelta(days=1)).delete()
