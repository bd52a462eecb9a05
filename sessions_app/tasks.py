"""Celery's shells around the services."""

from celery import shared_task

from sessions_app import services


@shared_task
def clear_expired_sessions() -> None:
    services.clear_expired()
    services.clear_attempts()
