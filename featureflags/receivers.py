"""How flags answer: one snapshot for a task, counts handed over at its end, and whether sign-up is open."""

from typing import Any

from celery.signals import task_postrun, task_prerun, worker_process_init, worker_process_shutdown
from django.dispatch import receiver
from django.http import HttpRequest

from featureflags import snapshot
from featureflags.decisions import enabled
from featureflags.tally import tally
from sessions_app import signals


@worker_process_init.connect
def read_flags_before_tasks(**_: Any) -> None:
    """Let the first task of a new worker process find the flags, and the connections to ask for them, ready."""
    snapshot.store.fresh()


@task_prerun.connect
def hold_snapshot(**_: Any) -> None:
    snapshot.hold(snapshot.store.fresh())


@task_postrun.connect
def let_snapshot_go(**_: Any) -> None:
    snapshot.hold(None)
    tally.flush_when_due()


@worker_process_shutdown.connect
def hand_over_counts(**_: Any) -> None:
    tally.flush()


@receiver(signals.sign_up_asked)
def answer_sign_up(sender: object, request: HttpRequest, **_: Any) -> bool:
    return enabled("signup_open", request, default=True)
