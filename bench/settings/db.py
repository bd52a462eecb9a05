"""Django's default: sessions in Postgres."""

from bench.settings.bare import *  # noqa: F403

SESSION_ENGINE = "django.contrib.sessions.backends.db"
