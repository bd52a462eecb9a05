"""Celery's shells around the sweeps."""

from celery import shared_task

from comments import services


@shared_task
def send_digests() -> None:
    services.send_digests()


@shared_task
def forget_deleted() -> None:
    services.forget_deleted()
