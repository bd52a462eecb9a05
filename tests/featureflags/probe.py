"""A task that says what the worker process that runs it believes."""

import os

from celery import shared_task
from django_redis import get_redis_connection

import featureflags

KEY = "probe"


@shared_task
def tell() -> None:
    get_redis_connection().hset(KEY, str(os.getpid()), str(featureflags.enabled("signup_open", default=True)))
