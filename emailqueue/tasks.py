"""Celery's shells around the delivery and the sweeps."""

from celery import shared_task

from emailqueue import delivery, samples
from emailqueue.delivery import upkeep


@shared_task(expires=60)
def deliver_mail() -> None:
    delivery.deliver_due(bulk=False)
    deliver_bulk_mail.delay()


@shared_task(expires=60)
def deliver_bulk_mail() -> None:
    delivery.deliver_due(bulk=True)


@shared_task
def sweep_mail() -> None:
    """Ring for what nobody rang for: a bell was lost, a wait is over, a worker ended, nothing holds a mail any more."""
    samples.take()
    upkeep.release_unlisted()
    deliver_mail.delay()


@shared_task
def purge_mail() -> None:
    upkeep.purge()
