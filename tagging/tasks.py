"""Celery's shells around the services."""

from celery import shared_task

from tagging import services


@shared_task
def refresh_shortlists() -> None:
    services.refresh_shortlists()


@shared_task
def continue_merges() -> None:
    services.continue_merges()


@shared_task
def retire_unused_tags() -> None:
    services.retire_unused_tags()
    services.sweep_strays()
