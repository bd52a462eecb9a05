"""allauth's list of a person's sessions, which notes each request, over `cached_db`."""

from bench.settings.cached_db import *  # noqa: F403
from bench.settings.cached_db import INSTALLED_APPS, MIDDLEWARE

INSTALLED_APPS = [*INSTALLED_APPS, "allauth", "allauth.account", "allauth.usersessions"]
MIDDLEWARE = [
    *MIDDLEWARE,
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
]
USERSESSIONS_TRACK_ACTIVITY = True
