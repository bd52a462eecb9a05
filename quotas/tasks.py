"""Celery's shells around the sweeps, and around what services ring for."""

from celery import shared_task

from quotas import delivery
from quotas.services import files, grants, limits, uploads, usage


@shared_task
def draw_pictures() -> None:
    delivery.draw_pictures()


@shared_task
def mail_notices() -> None:
    delivery.mail_notices()


@shared_task
def expire_uploads() -> None:
    uploads.expire_uploads()
    limits.renew_due_limits()


@shared_task
def empty_old_trash() -> None:
    files.empty_old_trash()
    grants.forget_returned()


@shared_task
def snapshot_usage() -> None:
    usage.snapshot_usage()
