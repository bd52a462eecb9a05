"""What became of deliveries, written down: the attempt, the next one, and how the endpoint fares."""

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from webhooks import health, identifiers, ladder
from webhooks.delivery.claims import Job
from webhooks.health import Health
from webhooks.models import Attempt, Delivery, Endpoint, Notice, Outcome

RECORD = """
UPDATE webhooks_delivery d
SET state = v.state, next_attempt_at = v.next_attempt_at, attempts = v.attempts, last_outcome = v.outcome,
    last_status = v.status, finished_at = v.finished_at, lease_expires_at = NULL
FROM unnest(%(ids)s::uuid[], %(fences)s::int[], %(states)s::text[], %(nexts)s::timestamptz[], %(attempts)s::int[],
            %(outcomes)s::text[], %(statuses)s::int[], %(finished)s::timestamptz[])
  AS v(id, fence, state, next_attempt_at, attempts, outcome, status, finished_at)
WHERE d.id = ANY(%(ids)s::uuid[]) AND d.id = v.id AND d.fence = v.fence
  AND d.state = 'pending' AND d.lease_expires_at IS NOT NULL
"""


@dataclass(frozen=True, slots=True)
class Result:
    """What one attempt led to."""

    job: Job
    outcome: str
    started_at: datetime
    ended_at: datetime
    detail: str = ""
    status: int | None = None
    address: str = ""
    request_headers: dict[str, str] = field(default_factory=dict)
    answer_headers: list[list[str]] = field(default_factory=list)
    answer: bytes = b""
    answer_is_cut: bool = False
    retry_after: float | None = None

    @property
    def has_succeeded(self) -> bool:
        return self.outcome == Outcome.SUCCEEDED


@transaction.atomic(durable=True)
def record(*, results: Sequence[Result]) -> int:
    """Write down what came of these attempts; return how many deliveries moved on.

    A delivery that was claimed by somebody else meanwhile stays as it is; that the attempt was made is true, and kept.
    Locks the endpoints whose fate changes, by key, then the deliveries.
    """
    gone = _note_endpoints(results)
    moved = _note_deliveries(results, gone)
    Attempt.objects.bulk_create([_attempt(result) for result in results], ignore_conflicts=True)
    return moved


def _attempt(result: Result) -> Attempt:
    job = result.job
    return Attempt(
        id=identifiers.attempt_id(job.delivery_id, job.fence),
        delivery_id=job.delivery_id,
        endpoint_id=job.endpoint_id,
        number=job.fence,
        started_at=result.started_at,
        took_ms=max((result.ended_at - result.started_at) // timedelta(milliseconds=1), 0),
        url=job.url,
        address=result.address,
        request_headers=result.request_headers,
        outcome=result.outcome,
        detail=result.detail[:300],
        status=result.status,
        answer_headers=result.answer_headers,
        answer=result.answer,
        answer_is_cut=result.answer_is_cut,
    )


# --- Deliveries -------------------------------------------------------------------------------------------


def _note_deliveries(results: Sequence[Result], gone: set[int]) -> int:
    columns: dict[str, list[Any]] = defaultdict(list)
    for result in sorted(results, key=lambda each: each.job.delivery_id):
        state, next_at, attempts = _next(result, result.job.endpoint_id in gone)
        columns["ids"].append(result.job.delivery_id)
        columns["fences"].append(result.job.fence)
        columns["states"].append(state)
        columns["nexts"].append(next_at)
        columns["attempts"].append(attempts)
        columns["outcomes"].append(result.outcome)
        columns["statuses"].append(result.status)
        columns["finished"].append(None if state == Delivery.State.PENDING else result.ended_at)
    with connection.cursor() as cursor:
        cursor.execute(RECORD, columns)
        return cursor.rowcount


def _next(result: Result, gone: bool) -> tuple[str, datetime, int]:
    """Return the state of the delivery now, when it is due again, and how many attempts have failed."""
    job = result.job
    if result.has_succeeded:
        return Delivery.State.DELIVERED, job.due_at, job.attempts
    attempts = job.attempts + 1
    wait = ladder.next_wait(job.ladder, attempts, draw=random.random, retry_after=result.retry_after)
    if wait is None or gone:
        return Delivery.State.DEAD, job.due_at, attempts
    return Delivery.State.PENDING, result.ended_at + timedelta(seconds=wait), attempts


# --- Endpoints --------------------------------------------------------------------------------------------


def _note_endpoints(results: Sequence[Result]) -> set[int]:
    """Let each endpoint's health follow its results, in their order; return those that said that they are gone."""
    touched = {result.job.endpoint_id for result in results}
    failed = {result.job.endpoint_id for result in results if not result.has_succeeded}
    ailing = Endpoint.objects.filter(pk__in=touched - failed, failing_since_at__isnull=False).values_list("pk")
    changing = failed | {pk for (pk,) in ailing}
    gone = {result.job.endpoint_id for result in results if result.status == 410}
    if not changing:
        return gone
    rows = Endpoint.objects.select_for_update(no_key=True).filter(pk__in=changing).order_by("pk")
    for endpoint in rows:
        mine = [result for result in results if result.job.endpoint_id == endpoint.pk]
        _note_endpoint(endpoint, sorted(mine, key=lambda result: result.ended_at))
    return gone


def _note_endpoint(endpoint: Endpoint, results: list[Result]) -> None:
    state = Health(
        failures=endpoint.failures,
        failing_since=endpoint.failing_since_at,
        warned_at=endpoint.warned_at,
        trips=endpoint.trips,
        rests_until=endpoint.rests_until_at,
    )
    for result in results:
        if result.has_succeeded:
            state = health.after_success(state)
        else:
            state = health.after_failure(
                state, started_at=result.started_at, ended_at=result.ended_at, retry_after=result.retry_after
            )
    endpoint.failures, endpoint.failing_since_at = state.failures, state.failing_since
    endpoint.warned_at, endpoint.trips, endpoint.rests_until_at = state.warned_at, state.trips, state.rests_until
    at = results[-1].ended_at
    verdict = health.verdict(state, at)
    if any(result.status == 410 for result in results):
        _disable(endpoint, Endpoint.Because.GONE, at)
    elif verdict == "disable":
        _disable(endpoint, Endpoint.Because.FAILING, at)
    elif verdict == "warn":
        endpoint.warned_at = at
        Notice.objects.create(endpoint=endpoint, kind=Notice.Kind.FAILING)
    endpoint.save(
        update_fields=[
            *("failures", "failing_since_at", "warned_at", "trips", "rests_until_at"),
            *("state", "state_because", "state_changed_at"),
        ]
    )


def _disable(endpoint: Endpoint, because: str, at: datetime) -> None:
    if endpoint.state == Endpoint.State.DISABLED:
        return
    endpoint.state, endpoint.state_because, endpoint.state_changed_at = Endpoint.State.DISABLED, because, at
    Notice.objects.create(endpoint=endpoint, kind=Notice.Kind.DISABLED)
