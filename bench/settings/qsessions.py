"""django-qsessions, which knows the person, the address and the browser of each session, over its `cached_db`."""

from bench.settings.bare import *  # noqa: F403
from bench.settings.bare import INSTALLED_APPS, MIDDLEWARE

INSTALLED_APPS = [*INSTALLED_APPS, "qsessions"]
MIDDLEWARE = ["qsessions.middleware.SessionMiddleware", *MIDDLEWARE[1:]]
SESSION_ENGINE = "qsessions.backends.cached_db"
