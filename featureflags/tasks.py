"""Celery's shells around the services."""

from celery import shared_task

from featureflags import services


@shared_task
def take_over_counts() -> None:
    services.take_over_counts()
