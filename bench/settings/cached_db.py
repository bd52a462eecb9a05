"""Django's sessions in Postgres, with copies in Redis through Django's own cache."""

from bench.settings.bare import *  # noqa: F403

SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
