"""A project with Django's own admin, whose theme toggle is the peer of `preferences`."""

from bench.settings.bare import *  # noqa: F403
from bench.settings.bare import INSTALLED_APPS, MIDDLEWARE

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
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]
