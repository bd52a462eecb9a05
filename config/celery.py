"""Celery, and the whole periodic schedule on one page.

The row is the truth and Celery is the doorbell: every task is a short shell around a service that can run
twice, late or not at all without harm.
"""

import os

from celery import Celery
from celery.schedules import crontab
from kombu import Queue

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("guildhall")


@app.on_configure.connect
def _configure(sender: Celery, **_: object) -> None:
    from django.conf import settings  # settings must not load before Celery asks for them

    sender.conf.broker_url = settings.REDIS_URL


VISIBILITY_TIMEOUT_SECONDS = 3600

app.conf.update(
    accept_content=["json"],
    task_serializer="json",
    result_serializer="json",
    task_ignore_result=True,
    task_acks_late=True,
    task_time_limit=300,
    task_soft_time_limit=240,
    task_default_queue="default",
    task_queues=[Queue("default")],
    worker_prefetch_multiplier=1,
    worker_soft_shutdown_timeout=10,
    worker_max_tasks_per_child=1000,
    worker_hijack_root_logger=False,
    worker_cancel_long_running_tasks_on_connection_loss=True,
    broker_connection_retry_on_startup=True,
    broker_transport_options={
        "visibility_timeout": VISIBILITY_TIMEOUT_SECONDS,
        "socket_timeout": 5,
        "socket_connect_timeout": 2,
        "health_check_interval": 25,
        "global_keyprefix": "celery:",
    },
    timezone="UTC",
    beat_schedule={
        "clear-expired-sessions": {
            "task": "sessions_app.tasks.clear_expired_sessions",
            "schedule": crontab(minute="17"),
        },
    },
)
app.autodiscover_tasks()
