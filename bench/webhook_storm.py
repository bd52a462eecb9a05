"""A storm: deliverers are killed, Postgres crashes, Redis forgets everything; then what arrived is counted.

    python -m bench.webhook_storm [--deliveries 10000] [--kills 40] [--workers 4] [--in-flight 1]

Runs by itself, on a Postgres and a Redis of its own. Nothing may be lost, and what arrives twice carries the same
`webhook-id`. A kill can double what was under way in that process and not yet recorded: at most `--in-flight`
deliveries, each of them once. With `--in-flight 1` that is one delivery a kill; the exit code says whether it held.
"""

import argparse
import asyncio
import os
import random
import subprocess
import sys
import threading
import time
from typing import Any

import django

from deploy.local.ground import free_port

PAUSE = threading.Event()
DEADLINE, LEASE = 2, 4.0
PATIENCE_SECONDS = 600


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("deliveries", 10_000), ("kills", 40), ("workers", 4), ("in-flight", 1), ("endpoints", 20)):
        parser.add_argument(f"--{name}", type=int, default=default)
    options = parser.parse_args(arguments)
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "ENV_FILE": os.devnull,
        "SECRET_KEY": "storm-only-" + "0123456789abcdef" * 4,
        "HTTPS": "off",
        "LOG_LEVEL": "ERROR",
        "DATABASE_POOL": "off",
        "WEBHOOK_DEADLINE_SECONDS": str(DEADLINE),
        "WEBHOOK_ALLOWED_ADDRESSES": "127.0.0.1:*",
        # Filled below; the servers' module reads the settings.
        "DATABASE_URL": f"postgres://x@127.0.0.1:{free_port()}/x",
        "REDIS_URL": f"redis://127.0.0.1:{free_port()}/0",
    }
    from tests import faults

    with faults.postgres() as postgres, faults.redis() as redis:
        os.environ |= {"DATABASE_URL": postgres.url, "REDIS_URL": redis.url}
        django.setup()
        from tests.webhooks.receivers import Receiver

        subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity=0"], check=True)
        with Receiver(slowly) as receiver:
            return storm(options, postgres, redis, receiver)


async def slowly(request: Any) -> Any:
    from aiohttp import web

    await asyncio.sleep(random.uniform(0.001, 0.02))
    return web.Response(text="thanks")


def storm(options: argparse.Namespace, postgres: Any, redis: Any, receiver: Any) -> int:
    from django.db import connection

    from tests.faults import Process
    from webhooks.models import Attempt, Delivery

    secrets = furnish(options, receiver.url)
    connection.close()
    command = [sys.executable, "manage.py", "deliver_webhooks", "--in-flight", str(options.in_flight)]
    workers: list[Process] = []

    def start() -> None:
        worker = Process([*command, "--lease", str(LEASE)])
        worker.start()
        workers.append(worker)

    began = time.monotonic()
    kills = crashes = 0
    try:
        for _ in range(options.workers):
            start()
        while True:
            left = pending(connection, Delivery)
            if left == 0:
                break
            if time.monotonic() - began > PATIENCE_SECONDS:
                print(f"storm: {left} deliveries are still waiting", file=sys.stderr)
                return 1
            PAUSE.wait(0.05)
            if left < 0:
                continue
            # Evenly over the run: the next kill comes when so much has arrived.
            done = options.deliveries - left
            if kills < options.kills and done >= options.deliveries * (kills + 0.5) / (options.kills + 1):
                victim = workers.pop(random.randrange(len(workers)))
                victim.close()
                kills += 1
                start()
            if crashes == 0 and done >= options.deliveries / 2:
                crashes += 1
                postgres.stop()
                postgres.start()
                with redis.client() as client:
                    client.flushall()
            for worker in [each for each in workers if each.code is not None]:
                print(f"storm: a deliverer ended by itself\n{worker.output()}", file=sys.stderr)
                return 1
    finally:
        for worker in workers:
            worker.close()
    return report(options, receiver, secrets, kills, crashes, time.monotonic() - began, Attempt.objects.count())


def pending(connection: Any, deliveries: Any) -> int:
    from django.db import DatabaseError, InterfaceError

    try:
        return int(deliveries.objects.pending().count())
    except (DatabaseError, InterfaceError):
        connection.close()
        return -1


def furnish(options: argparse.Namespace, url: str) -> set[str]:
    """Publish so many events over so many endpoints; return the secrets that they are signed with."""
    from django.db import transaction

    from sessions_app.models import User
    from webhooks import catalogue, services

    catalogue.register("storm.raged", title="x", words="x", schema={"type": "object"}, example={})
    people = [User.objects.create(email=f"p{n}@example.org", display_name=f"P{n}") for n in range(options.endpoints)]
    rows = [services.create_endpoint(owner_id=user.pk, url=f"{url}?{user.pk}", concurrency=10) for user in people]
    for first in range(0, options.deliveries, 1000):
        with transaction.atomic(durable=True):
            for number in range(first, min(first + 1000, options.deliveries)):
                user = people[number % len(people)]
                services.publish("storm.raged", {"number": number}, about=[user.pk])
    return {plain for row in rows for _, plain in services.read_secrets(endpoint_id=row.pk)}


def report(
    options: argparse.Namespace,
    receiver: Any,
    secrets: set[str],
    kills: int,
    crashes: int,
    seconds: float,
    attempts: int,
) -> int:
    from tests.webhooks.receivers import verify
    from webhooks.models import Delivery, Event

    counts = receiver.ids
    published = {event.message_id for event in Event.objects.only("id")}
    lost = len(published - set(counts)) + Delivery.objects.exclude(state=Delivery.State.DELIVERED).count()
    foreign = len(set(counts) - published)
    doubled = sum(count - 1 for count in counts.values())
    changed = len({request.message_id: request.body for request in receiver.requests}.items()) != len(
        {(request.message_id, request.body) for request in receiver.requests}
    )
    unverified = 0
    for request in receiver.requests[:: max(len(receiver.requests) // 500, 1)]:
        unverified += not any(holds(verify, request, secret) for secret in secrets)
    bound = kills * options.in_flight
    print(
        f"deliveries={options.deliveries} received={sum(counts.values())} lost={lost} foreign={foreign}"
        f" doubled={doubled} bound={bound} most_of_one={max(counts.values())} bodies_changed={changed:d}"
        f" unverified={unverified} kills={kills} crashes_of_postgres={crashes} flushes_of_redis={crashes}"
        f" workers={options.workers} in_flight={options.in_flight} attempts={attempts} seconds={seconds:.0f}"
    )
    return int(bool(lost or foreign or changed or unverified or doubled > bound))


def holds(verify: Any, request: Any, secret: str) -> bool:
    from standardwebhooks.webhooks import WebhookVerificationError

    try:
        return bool(verify(request, secret))
    except WebhookVerificationError as error:
        # A storm may last longer than the five minutes in which a signature counts.
        return "too old" in str(error)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
