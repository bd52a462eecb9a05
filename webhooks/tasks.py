"""Celery's shells. The deliverer is a process of its own (`deliver_webhooks`); this is what is left when it is away."""

from celery import shared_task

from webhooks import delivery
from webhooks.services import upkeep

SECONDS = 20


@shared_task
def deliver_webhooks() -> None:
    delivery.deliver(seconds=SECONDS)


@shared_task
def send_webhook_notices() -> None:
    upkeep.send_notices()


@shared_task
def purge_webhooks() -> None:
    upkeep.ensure_partitions()
    list(upkeep.purge())
