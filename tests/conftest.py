"""What every test gets: an empty Redis, and no way out of this machine."""

import pytest
import redis
from django.conf import settings


@pytest.fixture(scope="session")
def redis_server():
    """The Redis database of this worker."""
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        yield client


@pytest.fixture(autouse=True)
def empty_redis(redis_server):
    """Limits and caches of one test must not reach the next."""
    redis_server.flushdb()
