"""Ours with what decides the theme of a page, and nothing else besides."""

from bench.settings.ours import *  # noqa: F403
from bench.settings.ours import MIDDLEWARE

MIDDLEWARE = [*MIDDLEWARE[:2], "preferences.middleware.ThemeMiddleware", *MIDDLEWARE[2:]]
