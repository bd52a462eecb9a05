"""Celery for `make run`: a pool process ends with its worker, however that ends; --quiet says only what went wrong."""

import logging
import sys
import warnings

from celery.__main__ import main
from celery.platforms import SecurityWarning
from celery.signals import worker_process_init

from deploy.local.orphans import die_with_parent

# Three lines a ring, and a ring every few seconds, would bury the requests.
CHATTER = ("celery.beat", "celery.worker.strategy", "celery.app.trace")


@worker_process_init.connect
def _end_with_worker(**_):
    die_with_parent()


if __name__ == "__main__":
    # `make run` also works as root, and the worker only ever takes JSON.
    warnings.filterwarnings("ignore", category=SecurityWarning)
    if "--quiet" in sys.argv:
        sys.argv.remove("--quiet")
        for name in CHATTER:
            logging.getLogger(name).setLevel(logging.WARNING)
    sys.exit(main())
