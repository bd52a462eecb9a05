"""Settings under which Django's own session tests run: ours, and the app that those tests bring along."""

from tests.settings import *  # noqa: F403
from tests.settings import DATABASES, INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "sessions_tests"]
# A database of its own, whatever else runs at the same time.
DATABASES["default"]["TEST"] = {"NAME": "test_django_suite"}
# Those tests expect Django's own defaults.
SESSION_EXPIRE_AT_BROWSER_CLOSE = False
SESSION_COOKIE_NAME = "sessionid"
LOGGING_CONFIG = None
