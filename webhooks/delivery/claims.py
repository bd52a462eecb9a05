"""What is due, taken under a lease: fair over endpoints, within what each of them takes."""

import random
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db import connection, transaction

from webhooks import fairness, sealing
from webhooks.models import Endpoint, Event, Secret

log = structlog.get_logger(__name__)

# Endpoints with something waiting, found by skipping along the index: those with nothing waiting cost nothing, and a
# long backlog is not read. They stay locked until the claim is committed, so that two workers cannot give one endpoint
# more than it takes.
LANES = """
WITH RECURSIVE lane(endpoint_id) AS (
  (SELECT endpoint_id FROM webhooks_delivery WHERE state = 'pending' ORDER BY endpoint_id LIMIT 1)
  UNION ALL
  SELECT (SELECT d.endpoint_id FROM webhooks_delivery d
          WHERE d.state = 'pending' AND d.endpoint_id > lane.endpoint_id ORDER BY d.endpoint_id LIMIT 1)
  FROM lane WHERE lane.endpoint_id IS NOT NULL
)
SELECT e.* FROM lane JOIN webhooks_endpoint e ON e.id = lane.endpoint_id
WHERE e.state = 'enabled' AND e.removed_at IS NULL AND (e.rests_until_at IS NULL OR e.rests_until_at <= %(now)s)
  AND EXISTS (SELECT 1 FROM webhooks_delivery d
              WHERE d.endpoint_id = e.id AND d.state = 'pending' AND d.next_attempt_at <= %(now)s
                AND (d.lease_expires_at IS NULL OR d.lease_expires_at <= %(now)s))
ORDER BY e.id FOR NO KEY UPDATE OF e SKIP LOCKED
"""
# The oldest of each lane. In an ordered lane nothing passes what stands before it under the same key.
CANDIDATES = """
SELECT d.endpoint_id, d.id
FROM unnest(%(lanes)s::bigint[], %(most)s::int[], %(ordered)s::boolean[]) AS lane(endpoint_id, most, is_ordered),
LATERAL (
  SELECT endpoint_id, id FROM webhooks_delivery
  WHERE endpoint_id = lane.endpoint_id AND state = 'pending' AND next_attempt_at <= %(now)s
    AND (lease_expires_at IS NULL OR lease_expires_at <= %(now)s)
    AND (NOT lane.is_ordered OR key = '' OR NOT EXISTS (
      SELECT 1 FROM webhooks_delivery before
      WHERE before.endpoint_id = lane.endpoint_id AND before.state = 'pending'
        AND before.key = webhooks_delivery.key AND before.key <> '' AND before.sequence < webhooks_delivery.sequence))
  ORDER BY next_attempt_at, sequence LIMIT lane.most
) d
"""
CLAIM = """
UPDATE webhooks_delivery SET fence = fence + 1, lease_expires_at = %(lease)s
WHERE id = ANY(%(ids)s::uuid[]) AND state = 'pending' AND (lease_expires_at IS NULL OR lease_expires_at <= %(now)s)
RETURNING id, event_id, endpoint_id, fence, attempts, next_attempt_at
"""


@dataclass(frozen=True, slots=True)
class Job:
    """A delivery that is ours until its lease runs out: everything that sending it needs."""

    delivery_id: UUID
    event_id: UUID
    endpoint_id: int
    fence: int
    attempts: int
    due_at: datetime
    url: str
    headers: dict[str, str]
    secrets: tuple[str, ...]
    ladder: tuple[int, ...]
    body: bytes


@transaction.atomic(durable=True)
def claim(*, room: int, now: datetime, lease: timedelta) -> list[Job]:
    """Take at most `room` deliveries that are due, and give them to nobody else for the length of the lease."""
    lanes = list(Endpoint.objects.raw(LANES, {"now": now}))
    secrets = _secrets([lane.pk for lane in lanes], now)
    lanes = [lane for lane in lanes if _is_readable(lane, secrets)]
    # When there is less room than lanes, luck decides who goes first, and not who was registered first.
    random.shuffle(lanes)
    chosen = _choose(lanes[:room], room, now)
    if not chosen:
        return []
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, {"ids": chosen, "lease": now + lease, "now": now})
        rows = cursor.fetchall()
    _spend(lanes, Counter(row[2] for row in rows), now)
    bodies = dict(Event.objects.filter(pk__in={row[1] for row in rows}).values_list("pk", "body"))
    by_id = {lane.pk: lane for lane in lanes}
    return [
        Job(
            *(delivery_id, event_id, endpoint_id, fence, attempts, due_at),
            url=by_id[endpoint_id].url,
            headers=sealing.open_headers(by_id[endpoint_id].sealed_headers),
            secrets=tuple(sealing.open_sealed(sealed) for sealed in secrets[endpoint_id]),
            ladder=tuple(by_id[endpoint_id].ladder),
            body=bytes(bodies[event_id]),
        )
        for delivery_id, event_id, endpoint_id, fence, attempts, due_at in rows
    ]


def _secrets(endpoint_ids: list[int], now: datetime) -> dict[int, list[str]]:
    found: dict[int, list[str]] = defaultdict(list)
    rows = Secret.objects.valid(now).filter(endpoint__in=endpoint_ids).values_list("endpoint_id", "sealed")
    for endpoint_id, sealed in rows:
        found[endpoint_id].append(sealed)
    return found


def _is_readable(lane: Endpoint, secrets: dict[int, list[str]]) -> bool:
    """Leave alone what no key opens: a key that is missing is our fault, and must not use up a receiver's attempts."""
    try:
        sealing.open_headers(lane.sealed_headers)
        for sealed in secrets[lane.pk]:
            sealing.open_sealed(sealed)
    except sealing.Unreadable as error:
        log.error("webhook_secret_unreadable", endpoint=lane.pk, error=str(error))
        return False
    return True


def _choose(lanes: list[Endpoint], room: int, now: datetime) -> list[UUID]:
    busy = dict(_in_flight([lane.pk for lane in lanes], now))
    most = {lane.pk: min(_allowance(lane, busy.get(lane.pk, 0), now), room) for lane in lanes}
    open_lanes = [lane for lane in lanes if most[lane.pk] > 0]
    if not open_lanes:
        return []
    waiting: dict[int, list[UUID]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(
            CANDIDATES,
            {
                "lanes": [lane.pk for lane in open_lanes],
                "most": [most[lane.pk] for lane in open_lanes],
                "ordered": [lane.ordered for lane in open_lanes],
                "now": now,
            },
        )
        for endpoint_id, delivery_id in cursor.fetchall():
            waiting[endpoint_id].append(delivery_id)
    shares = fairness.share(room, {endpoint_id: len(ids) for endpoint_id, ids in waiting.items()})
    return [each for endpoint_id, number in shares.items() for each in waiting[endpoint_id][:number]]


def _in_flight(endpoint_ids: list[int], now: datetime) -> list[tuple[int, int]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT endpoint_id, count(*) FROM webhooks_delivery"
            " WHERE endpoint_id = ANY(%s) AND lease_expires_at IS NOT NULL AND lease_expires_at > %s"
            " GROUP BY endpoint_id",
            [endpoint_ids, now],
        )
        rows: list[tuple[int, int]] = cursor.fetchall()
        return rows


def _allowance(lane: Endpoint, busy: int, now: datetime) -> int:
    """Return how many more this endpoint takes now."""
    # Half open: one probe at a time.
    free = (1 if lane.trips else lane.concurrency) - busy
    if lane.per_minute and free > 0:
        free, _ = fairness.spend(lane.full_at, now, per_minute=lane.per_minute, want=free)
    return max(free, 0)


def _spend(lanes: list[Endpoint], taken: Counter[int], now: datetime) -> None:
    for lane in lanes:
        if lane.per_minute and taken[lane.pk]:
            _, full_at = fairness.spend(lane.full_at, now, per_minute=lane.per_minute, want=taken[lane.pk])
            Endpoint.objects.filter(pk=lane.pk).update(full_at=full_at)
