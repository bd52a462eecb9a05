"""The bells that services ring after a commit; `tasks` has those that the beat rings, which call services."""

from celery import shared_task

from quotas import delivery


@shared_task(name="quotas.tasks.draw_pictures")
def draw_pictures() -> None:
    delivery.draw_pictures()


@shared_task(name="quotas.tasks.mail_notices")
def mail_notices() -> None:
    delivery.mail_notices()
