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


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport():
    """Write lone surrogates of hostile tests as escapes: a report goes from one process to another as UTF-8."""
    report = yield
    report.sections = [(name, text.encode("utf-8", "backslashreplace").decode()) for name, text in report.sections]
    return report
