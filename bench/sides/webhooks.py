"""Our side: endpoints, events, and deliverers in processes of their own; numbers come from what they wrote down."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from bench.rounds import percentiles
from sessions_app.models import User
from webhooks import catalogue, identifiers, services
from webhooks.models import Attempt, Delivery, Endpoint, Event
from webhooks.services.publishing import body_of, new_delivery

TYPE = "bench.happened"
PATIENCE_SECONDS = 180
catalogue.register(TYPE, title="x", words="x", schema={"type": "object"}, example={})


def begin(*, url: str, endpoints: int, concurrency: int = 10) -> None:
    """Make so many endpoints, each of an owner of its own."""
    for number in range(endpoints):
        user = User.objects.create(email=f"p{number}@example.org", display_name=f"P{number}")
        services.create_endpoint(owner_id=user.pk, url=f"{url}?{number}", concurrency=concurrency)


def clear() -> None:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE webhooks_attempt, webhooks_delivery, webhooks_event")
        cursor.execute(
            "UPDATE webhooks_endpoint SET failures = 0, failing_since_at = NULL, trips = 0, rests_until_at = NULL,"
            " state = 'enabled', warned_at = NULL"
        )


def point(*, holes: int, url: str, hole: str) -> None:
    """Let the first so many endpoints lead to the hole, and the others to the receiver."""
    for number, endpoint in enumerate(Endpoint.objects.order_by("pk")):
        Endpoint.objects.filter(pk=endpoint.pk).update(url=f"{hole if number < holes else url}?{number}")


def backlog(*, count: int, later: timedelta = timedelta()) -> None:
    """Write so many deliveries, due now or later."""
    now = timezone.now()
    owners = list(Endpoint.objects.order_by("pk").values_list("pk", flat=True))
    for first in range(0, count, 5000):
        events, deliveries = [], []
        for number in range(first, min(first + 5000, count)):
            body = body_of(event_type=TYPE, data={"number": number}, at=now)
            event = Event(id=identifiers.new_event_id(now), type=TYPE, published_at=now, body=body)
            delivery = new_delivery(event=event, endpoint_id=owners[number % len(owners)], now=now)
            delivery.next_attempt_at = now + later
            events.append(event)
            deliveries.append(delivery)
        Event.objects.bulk_create(events)
        Delivery.objects.bulk_create(deliveries)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE webhooks_delivery")


@contextmanager
def deliverer(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "manage.py", "deliver_webhooks", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
    finally:
        process.terminate()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def throughput(*, count: int) -> float:
    """Return deliveries a second of one deliverer that finds so many waiting."""
    clear()
    backlog(count=count)
    with deliverer("--until-idle") as process:
        process.wait(PATIENCE_SECONDS)
    if Delivery.objects.pending().exists():
        raise SystemExit("bench: not everything was delivered")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) / extract(epoch FROM"
            " max(started_at + took_ms * interval '1 ms') - min(started_at))::float FROM webhooks_attempt"
        )
        return float(cursor.fetchone()[0])


def paced(*, rate: int, seconds: int, holes: int = 0) -> dict[str, float]:
    """Publish evenly with one deliverer at work; return how long after its publication an event was first sent.

    Only of the endpoints that do not lead to the hole.
    """
    clear()
    people = list(User.objects.order_by("pk"))
    healthy = set(Endpoint.objects.order_by("pk").values_list("pk", flat=True)[holes:])
    with deliverer():
        start = time.monotonic()
        # As many transactions a second as one process commits without haste; each reports a few things.
        together = max(rate // 50, 1)
        for first in range(0, rate * seconds, together):
            ahead = start + first / rate - time.monotonic()
            if ahead > 0.002:
                time.sleep(ahead)
            with transaction.atomic(durable=True):
                for number in range(first, first + together):
                    services.publish(TYPE, {"number": number}, about=[people[number % len(people)].pk])
        published = time.monotonic() - start
        _wait_for(lambda: not Delivery.objects.filter(endpoint__in=healthy).pending().exists())
    rows = (
        Attempt.objects.filter(endpoint_id__in=healthy).order_by("started_at").values_list("delivery_id", "started_at")
    )
    first: dict[Any, datetime] = {}
    for delivery_id, started_at in rows:
        first.setdefault(delivery_id, started_at)
    delays = [(at - identifiers.moment(key)).total_seconds() for key, at in first.items()]
    ordered = sorted(delays)
    found = percentiles(delays, per="ms")
    return {"p50": found["p50"], "p95": ordered[int(len(ordered) * 0.95) - 1] * 1e3, "p99": found["p99"]} | {
        "rate": rate * seconds / published
    }


SCHEDULE = """
UPDATE webhooks_delivery d SET next_attempt_at = now() + make_interval(secs => %s * (chosen.place - 1))
FROM (
    SELECT id, row_number() OVER (ORDER BY sequence) AS place FROM webhooks_delivery ORDER BY sequence LIMIT %s
) chosen
WHERE d.id = chosen.id
"""


def lateness(*, rows: int, window: int, within: int) -> float:
    """Return by how many seconds deliveries are late, p99, of so many that are scheduled; `within` come due."""
    clear()
    backlog(count=rows, later=timedelta(hours=1))
    with deliverer():
        # Only now: writing all of them takes longer than any of these may be late.
        with connection.cursor() as cursor:
            cursor.execute(SCHEDULE, [window / within, within])
        _wait_for(lambda: Delivery.objects.filter(state=Delivery.State.DELIVERED).count() >= within)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT percentile_cont(0.99) WITHIN GROUP (ORDER BY extract(epoch FROM a.started_at - d.next_attempt_at))"
            " FROM webhooks_attempt a JOIN webhooks_delivery d ON d.id = a.delivery_id"
        )
        return float(cursor.fetchone()[0])


def _wait_for(condition: Any) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit("bench: it does not end")
        time.sleep(0.1)


def bytes_a_delivery(*, count: int) -> float:
    """Return how much of the disk an event, its delivery and its attempt take together."""
    throughput(count=count)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(pg_total_relation_size(i.inhrelid)) FROM pg_inherits i WHERE i.inhparent IN"
            " ('webhooks_event'::regclass, 'webhooks_delivery'::regclass, 'webhooks_attempt'::regclass)"
        )
        return float(cursor.fetchone()[0]) / count
