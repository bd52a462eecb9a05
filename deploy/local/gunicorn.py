"""gunicorn's settings for `make run`: a worker ends with its master, however that ends."""

from deploy.local.orphans import die_with_parent
from deploy.refusals import LINE_MAX, tell_refusals

limit_request_line = LINE_MAX


def post_fork(server, worker):
    die_with_parent(parent=server.pid)


def post_worker_init(worker):
    tell_refusals()
