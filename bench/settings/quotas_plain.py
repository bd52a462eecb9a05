"""The hall's settings on Django's own Postgres backend, as a project without our fence has it."""

from config.settings import *  # noqa: F403
from config.settings import DATABASES

DATABASES["default"]["ENGINE"] = "django.db.backends.postgresql"
