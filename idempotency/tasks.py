"""Celery's shells around the sweeps."""

from celery import shared_task

from idempotency import phases
from idempotency.services import upkeep


@shared_task
def complete_idempotency() -> None:
    upkeep.settle_abandoned()
    phases.complete_abandoned()


@shared_task
def purge_idempotency() -> None:
    upkeep.purge_expired()
