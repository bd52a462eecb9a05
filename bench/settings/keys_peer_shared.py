"""django-idempotency-key with its answers in the Redis that all processes share."""

from bench.settings.keys_peer import *  # noqa: F403

IDEMPOTENCY_KEY = {"STORAGE": {"CLASS": "idempotency_key.storage.CacheKeyStorage", "CACHE_NAME": "default"}}
