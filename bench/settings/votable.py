"""django-vote on the least that a Django project needs."""

from bench.settings.bare import *  # noqa: F403
from bench.settings.bare import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "vote", "bench.sides.votable"]
