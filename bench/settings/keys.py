"""The hall's settings, and one view behind a person who is there already: for what a key alone costs."""

from config.settings import *  # noqa: F403

# allauth refuses to start without its own.
MIDDLEWARE = ["bench.sides.idempotency.somebody", "allauth.account.middleware.AccountMiddleware"]
ROOT_URLCONF = "bench.sides.idempotency"
