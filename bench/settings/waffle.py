"""django-waffle on the least that a Django project needs, with its flags in the memory of the process."""

from bench.settings.bare import *  # noqa: F403
from bench.settings.bare import INSTALLED_APPS, MIDDLEWARE

INSTALLED_APPS = [*INSTALLED_APPS, "waffle"]
MIDDLEWARE = [*MIDDLEWARE, "waffle.middleware.WaffleMiddleware"]
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
