"""django-comments-xtd, django-mptt and django-treebeard on the least that a Django project needs."""

from bench.settings.bare import *  # noqa: F403
from bench.settings.bare import INSTALLED_APPS
from bench.settings.rendered import TEMPLATES as TEMPLATES

INSTALLED_APPS = [
    *INSTALLED_APPS,
    "django.contrib.sites",
    "rest_framework",
    "mptt",
    "treebeard",
    "django_comments_xtd",
    "django_comments",
    "bench.sides.threaded",
]
ROOT_URLCONF = "bench.sides.threaded.urls"
SITE_ID = 1
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
STATIC_URL = "/static/"

COMMENTS_APP = "django_comments_xtd"
COMMENTS_XTD_MAX_THREAD_LEVEL = 25
COMMENTS_XTD_CONFIRM_EMAIL = False
COMMENTS_XTD_THREADED_EMAILS = False
COMMENTS_XTD_SALT = b"benchmarks-only"
