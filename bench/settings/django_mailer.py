"""django-mailer on the least that a Django project needs, handing over to the sink of the benchmark."""

import os

from bench.settings.bare import *  # noqa: F403
from bench.settings.bare import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "mailer"]
EMAIL_BACKEND = "mailer.backend.DbBackend"
MAILER_EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST, EMAIL_PORT = "127.0.0.1", int(os.environ.get("SINK_PORT", "25"))
