"""The same with django-redis as the hall sets it: a cache that answers as if it were empty while Redis is away."""

from bench.settings.cached_db import *  # noqa: F403
from config.settings import CACHES as CACHES
