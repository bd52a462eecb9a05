"""django-idempotency-key as it comes: answers in the memory of each process; on Django's own Postgres backend."""

from bench.settings.keys import *  # noqa: F403
from bench.settings.keys import DATABASES, MIDDLEWARE

DATABASES["default"]["ENGINE"] = "django.db.backends.postgresql"
MIDDLEWARE = [*MIDDLEWARE, "idempotency_key.middleware.ExemptIdempotencyKeyMiddleware"]
