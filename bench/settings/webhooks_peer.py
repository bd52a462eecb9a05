"""django-webhook as it comes, on Django's own Postgres backend."""

from bench.settings.bare import *  # noqa: F403
from bench.settings.bare import DATABASES, INSTALLED_APPS

DATABASES["default"]["ENGINE"] = "django.db.backends.postgresql"
INSTALLED_APPS = [*INSTALLED_APPS, "django_webhook"]
DJANGO_WEBHOOK = {"MODELS": []}
