"""Celery's shells around the sweeps."""

from celery import shared_task

from idempotency import phases, services


@shared_task
def complete_idempotency() -> None:
    services.settle_abandoned()
    phases.complete_abandoned()


@shared_task
def purge_idempotency() -> None:
    services.purge_expired()
