"""Settings under which Django's own session tests run: ours, and the app that those tests bring along."""

from config.settings import *  # noqa: F403
from config.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "django.contrib.sessions", "sessions_tests"]
STORAGES = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
# Those tests expect Django's own defaults.
SESSION_EXPIRE_AT_BROWSER_CLOSE = False
SESSION_COOKIE_NAME = "sessionid"
SECURE_SSL_REDIRECT = False
LOGGING_CONFIG = None
