"""Celery's shells around the sweeps."""

from celery import shared_task

from likes import services


@shared_task
def send_like_notices() -> None:
    services.send_notices()


@shared_task
def sweep_strays() -> None:
    services.sweep_strays()
