"""The task that shows whether the beat and the worker are alive."""

from typing import Any

from celery import shared_task
from celery.signals import after_task_publish, beat_init, worker_ready

from config import health, panels


@shared_task(name="config.tasks.heartbeat")
def heartbeat() -> None:
    health.note_alive("worker")
    panels.sample_queue()


@after_task_publish.connect(sender="config.tasks.heartbeat")
def note_beat(**_: Any) -> None:
    # Nobody but the beat rings this bell.
    health.note_alive("beat")


@beat_init.connect
def note_beat_started(**_: Any) -> None:
    health.note_alive("beat")


@worker_ready.connect
def note_worker_started(**_: Any) -> None:
    health.note_alive("worker")
