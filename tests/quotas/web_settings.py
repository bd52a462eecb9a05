"""The settings of the tests, for web processes that share a folder of files with them."""

import os

from tests.settings import *  # noqa: F403
from tests.settings import STORAGES

STORAGES = STORAGES | {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": os.environ["TEST_FILES"]},
    }
}
