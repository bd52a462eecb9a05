"""The real settings with the small hall's addresses: for web processes that tests start and kill."""

from config.settings import *  # noqa: F403

ROOT_URLCONF = "tests.idempotency.hall"
