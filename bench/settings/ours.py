"""The hall, cut down to what its peers have: who is signed in, and nothing else of its middleware.

allauth refuses to start without its own.
"""

from config.settings import *  # noqa: F403

MIDDLEWARE = [
    "sessions_app.middleware.SessionMiddleware",
    "sessions_app.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]
ROOT_URLCONF = "bench.sides.sessions_app"
