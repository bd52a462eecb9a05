"""A task of a real worker that has its effect once."""

from datetime import timedelta

from celery import shared_task

from idempotency.decorators import idempotent_task
from idempotency.policies import Policy
from tests.idempotency.hall import leave_effect


@shared_task
@idempotent_task(policy=Policy(lease=timedelta(seconds=2)))
def close(month: str) -> None:
    # Looked up when it runs, so that a worker can be stopped at it.
    leave_effect(note=month)
