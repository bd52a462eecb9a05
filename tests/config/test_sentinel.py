"""Where Sentinel decides who is primary, a failover costs no page, no session and no bell that comes after it."""

from contextlib import ExitStack

import pytest

from tests import factories, faults
from tests.sessions_app.conftest import sign_in

pytestmark = pytest.mark.django_db(transaction=True)

RING = "import django; django.setup(); from config.tasks import heartbeat; heartbeat.delay()"
WORKER = ["-m", "celery", "-A", "config", "worker", "--loglevel", "INFO", "--pool", "solo", "--without-mingle"]


def rung(env):
    with faults.process(["-c", RING], env=env) as ringing:
        assert ringing.wait() == 0, ringing.output()
        return "bell_not_heard" not in ringing.output()


def heard(redis):
    """Tell whether the worker noted on this server that it answered."""
    with redis.client() as client:
        return any(b"heartbeat:worker" in key for key in client.keys("*"))


def test_a_promoted_replica_is_followed_by_pages_sessions_and_bells():
    alice = factories.user()
    with ExitStack() as stack:
        redis = stack.enter_context(faults.watched())
        env = {"DJANGO_SETTINGS_MODULE": "config.settings", "REDIS_URL": redis.url}
        (hall,) = stack.enter_context(faults.web(env=env))
        cookies = {"session": sign_in(alice).cookies["session"].value}

        def page():
            answer = hall.request("GET", "/account/devices", cookies=cookies)
            cookies.update({name: value for name, value in answer.cookies.items() if name == "session" and value})
            return answer.status

        statuses = [page()]
        with faults.process(WORKER, env=env) as worker:
            worker.wait_for_line("ready")
            redis.primary.kill()
            faults.until(
                lambda: statuses.append(page()) or redis.sentinel.primary_port() == redis.replica.port,
                "waiting for the replica to be promoted while pages are asked for",
            )
            with redis.replica.client() as client:
                client.delete(*(key for key in client.keys("*") if b"heartbeat" in key or b"session" in key))

            def kept():
                statuses.append(page())
                with redis.replica.client() as client:
                    return any(b"session:" in key for key in client.keys("*"))

            faults.until(kept, "waiting for a copy of the session on the new primary")
            faults.until(lambda: rung(env) and heard(redis.replica), "waiting for the worker to hear a bell again")

    assert set(statuses) == {200}
    assert len(statuses) > 3
