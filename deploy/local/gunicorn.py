"""gunicorn's settings for `make run`: a worker ends with its master, however that ends."""

from deploy.local.orphans import die_with_parent


def post_fork(server, worker):
    die_with_parent(parent=server.pid)
