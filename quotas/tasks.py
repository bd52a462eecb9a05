"""Celery's shells around the sweeps."""

from celery import shared_task

from quotas.bells import draw_pictures, mail_notices
from quotas.services import files, grants, limits, uploads, usage

__all__ = ["draw_pictures", "empty_old_trash", "expire_uploads", "mail_notices", "snapshot_usage"]


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
