"""A project with Django's own admin, whose theme toggle is the peer of `preferences`."""

from bench.settings.bare import *  # noqa: F403
from bench.settings.bare import INSTALLED_APPS, MIDDLEWARE
from bench.settings.rendered import TEMPLATES as RENDERED

INSTALLED_APPS = [
    "django.contrib.admin",
    *INSTALLED_APPS,
    "django.contrib.messages",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [*MIDDLEWARE[:2], "django.contrib.messages.middleware.MessageMiddleware"]
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
ROOT_URLCONF = "bench.settings.admin_urls"
STATIC_URL = "static/"
_OPTIONS = RENDERED[0]["OPTIONS"]
_PROCESSORS = [*_OPTIONS["context_processors"], "django.contrib.messages.context_processors.messages"]
TEMPLATES = [{**RENDERED[0], "OPTIONS": {"context_processors": _PROCESSORS}}]
