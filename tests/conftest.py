"""What every test gets: an empty Redis, and no way out of this machine."""

import pytest
import redis
from django.conf import settings

from featureflags.snapshot import store
from featureflags.tally import tally


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


@pytest.fixture(autouse=True)
def no_flags():
    """Every flag has the default that the code gives, at no query; `live_flags` reads them."""
    store.stand_still()
    tally.forget()


@pytest.fixture
def live_flags(settings):
    """Flags are read from the rows of this test, and each question looks for changes."""
    settings.FLAG_CHECK_SECONDS = settings.FLAG_POLL_SECONDS = 0
    store.forget()
    yield store
    store.stand_still()
