"""Celery, and the whole periodic schedule on one page.

The row is the truth and Celery is the doorbell: every task is a short shell around a service that can run
twice, late or not at all without harm.
"""

import os
from typing import Any

import kombu.exceptions
import redis.exceptions
import structlog
from celery import Celery, Task, signals
from celery.schedules import crontab
from kombu import Queue

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

log = structlog.get_logger(__name__)

# A message that no worker confirmed is delivered again after this; longer than the longest task may run.
VISIBILITY_TIMEOUT_SECONDS = 3600
TASK_SECONDS = 300
QUEUE = "default"
QUEUES = (QUEUE, "mail", "mail_bulk")
KEY_PREFIX = "celery:"
HEARTBEAT_SECONDS = 60

TRANSPORT = {
    "visibility_timeout": VISIBILITY_TIMEOUT_SECONDS,
    "socket_timeout": 2,
    "socket_connect_timeout": 1,
    "health_check_interval": 25,
    "global_keyprefix": KEY_PREFIX,
    # Of a publisher: a worker's own wait for its broker is broker_connection_max_retries.
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0,
}

BROKER_AWAY = (kombu.exceptions.OperationalError, redis.exceptions.RedisError, OSError)


class Bell(Task):
    """A task whose ring may be lost: the row stays due, and the next sweep finds it."""

    def apply_async(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().apply_async(*args, **kwargs)
        except BROKER_AWAY as error:
            log.warning("bell_not_heard", task=self.name, error=str(error))
            return None


app = Celery("guildhall", task_cls=Bell)


@app.on_configure.connect
def _configure(sender: Celery, **_: object) -> None:
    from django.conf import settings  # settings must not load before Celery asks for them

    sender.conf.broker_url, options = settings.REDIS.broker()
    sender.conf.broker_transport_options = TRANSPORT | options


@signals.setup_logging.connect
def _keep_logging(**_: object) -> None:
    """Leave logging as Django set it up: the same lines from the web, the worker and the beat."""


app.conf.update(
    accept_content=["json"],
    task_serializer="json",
    result_serializer="json",
    event_serializer="json",
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_time_limit=TASK_SECONDS,
    task_soft_time_limit=TASK_SECONDS - 60,
    task_default_queue=QUEUE,
    # Of their own, so that nothing long sits on a mail, nor bulk on a password reset.
    task_queues=[Queue(name) for name in QUEUES],
    task_routes={
        "emailqueue.tasks.deliver_mail": {"queue": "mail"},
        "emailqueue.tasks.deliver_bulk_mail": {"queue": "mail_bulk"},
    },
    task_create_missing_queues=False,
    # A request does not wait for a broker that is away.
    task_publish_retry=False,
    worker_prefetch_multiplier=1,
    worker_soft_shutdown_timeout=10,
    worker_max_tasks_per_child=1000,
    worker_hijack_root_logger=False,
    worker_cancel_long_running_tasks_on_connection_loss=True,
    worker_send_task_events=False,
    broker_connection_retry_on_startup=True,
    # None: a worker waits for its broker for as long as it takes.
    broker_connection_max_retries=None,
    timezone="UTC",
    beat_schedule={
        # Shows on the Operations page and at /readyz that the beat rings and that a worker answers.
        "heartbeat": {
            "task": "config.tasks.heartbeat",
            "schedule": HEARTBEAT_SECONDS,
            # An old ring says nothing new.
            "options": {"expires": HEARTBEAT_SECONDS},
        },
        "clear-expired-sessions": {
            "task": "sessions_app.tasks.clear_expired_sessions",
            "schedule": crontab(minute="17"),
            "options": {"expires": 3600},
        },
        "complete-idempotency": {
            "task": "idempotency.tasks.complete_idempotency",
            "schedule": 60,
            "options": {"expires": 60},
        },
        "purge-idempotency": {
            "task": "idempotency.tasks.purge_idempotency",
            "schedule": crontab(minute="23"),
            "options": {"expires": 3600},
        },
        # Only what no deliverer took: each looks five times a second.
        "deliver-webhooks": {
            "task": "webhooks.tasks.deliver_webhooks",
            "schedule": 30,
            "options": {"expires": 30},
        },
        "send-webhook-notices": {
            "task": "webhooks.tasks.send_webhook_notices",
            "schedule": 60,
            "options": {"expires": 60},
        },
        "purge-webhooks": {
            "task": "webhooks.tasks.purge_webhooks",
            "schedule": crontab(minute="41", hour="3"),
            "options": {"expires": 3600},
        },
        "sweep-mail": {
            "task": "emailqueue.tasks.sweep_mail",
            "schedule": 10,
            "options": {"expires": 10},
        },
        "purge-mail": {
            "task": "emailqueue.tasks.purge_mail",
            "schedule": crontab(minute="41"),
            "options": {"expires": 3600},
        },
        "expire-uploads": {
            "task": "quotas.tasks.expire_uploads",
            "schedule": 300,
            "options": {"expires": 300},
        },
        # What a lost bell left behind.
        "draw-pictures": {
            "task": "quotas.tasks.draw_pictures",
            "schedule": 120,
            "options": {"expires": 120},
        },
        "mail-limit-notices": {
            "task": "quotas.tasks.mail_notices",
            "schedule": 120,
            "options": {"expires": 120},
        },
        "empty-old-trash": {
            "task": "quotas.tasks.empty_old_trash",
            "schedule": crontab(minute="41"),
            "options": {"expires": 3600},
        },
        "snapshot-usage": {
            "task": "quotas.tasks.snapshot_usage",
            "schedule": crontab(hour="0", minute="7"),
            "options": {"expires": 3600},
        },
        "take-over-flag-counts": {
            "task": "featureflags.tasks.take_over_counts",
            "schedule": 60,
            "options": {"expires": 60},
        },
        "tell-owners-of-likes": {
            "task": "likes.tasks.send_like_notices",
            "schedule": 300,
            "options": {"expires": 300},
        },
        "tell-followers": {
            "task": "comments.tasks.send_digests",
            "schedule": 300,
            "options": {"expires": 300},
        },
        "forget-deleted-comments": {
            "task": "comments.tasks.forget_deleted",
            "schedule": crontab(minute="51"),
            "options": {"expires": 3600},
        },
        "refresh-tag-shortlists": {
            "task": "tagging.tasks.refresh_shortlists",
            "schedule": 600,
            "options": {"expires": 600},
        },
        "continue-tag-merges": {
            "task": "tagging.tasks.continue_merges",
            "schedule": 60,
            "options": {"expires": 60},
        },
        "retire-unused-tags": {
            "task": "tagging.tasks.retire_unused_tags",
            "schedule": crontab(hour="3", minute="52"),
            "options": {"expires": 3600},
        },
        "sweep-stray-likes": {
            "task": "likes.tasks.sweep_strays",
            "schedule": crontab(hour="3", minute="41"),
            "options": {"expires": 3600},
        },
    },
)
app.autodiscover_tasks()
