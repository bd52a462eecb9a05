"""The settings of the test run: the real ones, on the servers of `make test`, and nothing else."""

import os
import re
from pathlib import Path

for key in ("DATABASE_URL", "REDIS_URL"):
    if not os.environ.get(key):
        raise SystemExit(f"{key} is not set: run `make test`, or python -m deploy.local.servers --fast -- pytest ...")

for key in (
    "DEBUG",
    "DEMO",
    "DEMO_PASSWORD",
    "HTTPS",
    "ALLOWED_HOSTS",
    "CSRF_TRUSTED_ORIGINS",
    "BASE_URL",
    "HALL_NAME",
):
    os.environ.pop(key, None)
for key in (
    "EMAIL_URL",
    "DEFAULT_FROM_EMAIL",
    "METRICS_ALLOWED",
    "TRUSTED_PROXIES",
    "STATIC_ROOT",
    "LOG_LEVEL",
    "FILES_URL",
):
    os.environ.pop(key, None)

# One Redis database for each worker of pytest-xdist; 0 belongs to what runs beside the tests.
WORKER = int((re.search(r"\d+$", os.environ.get("PYTEST_XDIST_WORKER", "")) or ["0"])[0]) + 1

os.environ |= {
    "ENV_FILE": os.devnull,
    "SECRET_KEY": "tests-only-" + "0123456789abcdef" * 4,
    "HTTPS": "off",
    "LOG_FORMAT": "console",
    "REDIS_URL": re.sub(r"(/\d*)?$", f"/{WORKER}", os.environ["REDIS_URL"], count=1),
    # Each test that wants threads opens its own connections, and a test database can only go when all are closed.
    "DATABASE_POOL": "off",
    # Pages of tests need no collected files; `make check` collects them.
    "STATICFILES_BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage",
}

from config.settings import *  # noqa: E402, F403
from config.settings import INSTALLED_APPS, STATIC_ROOT, STORAGES  # noqa: E402

Path(STATIC_ROOT).mkdir(parents=True, exist_ok=True)
# Fast, because what is tested is never the hash itself.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Django's own engines run beside ours, to show the faults that ours must not have; and tests clean up faster.
INSTALLED_APPS = [*INSTALLED_APPS, "django.contrib.sessions", "tests.emptying"]
# Tests that look at files on a disk give themselves a folder.
STORAGES = STORAGES | {"default": {"BACKEND": "django.core.files.storage.InMemoryStorage"}}
