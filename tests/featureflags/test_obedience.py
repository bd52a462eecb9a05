"""A kill reaches every process: two that serve pages and two that work, with Redis, after Redis, without Redis."""

import contextlib

import pytest

from featureflags.models import Flag
from tests import faults
from tests.featureflags.conftest import make
from tests.featureflags.probe import KEY

pytestmark = pytest.mark.django_db(transaction=True)

# Longer than the test: what is obeyed sooner was heard over Redis.
NEVER_POLLS = {"FLAG_POLL_SECONDS": "600"}
REAL = {"DJANGO_SETTINGS_MODULE": "config.settings"}
SEND = "from config.celery import app; app.send_task('tests.featureflags.probe.tell')"
ASK = """
import django, sys, threading
django.setup()
import featureflags
pause = threading.Event()
while True:
    print('open' if featureflags.enabled('signup_open', default=True) else 'closed', flush=True)
    pause.wait(0.2)
"""


def flag(act, env):
    with faults.process(["manage.py", "flag", act, "signup_open", "--why=a test"], env=env) as command:
        assert command.wait() == 0, command.output()


def is_open(web):
    return "Join the hall" in web.request("GET", "/").body


def worker(env):
    """Return a Celery worker with two processes, each of which is replaced after a few tasks."""
    program = [
        *("-m", "deploy.local.worker", "--app", "config", "worker", "--concurrency", "2", "--loglevel", "INFO"),
        *("--without-gossip", "--without-mingle", "--max-tasks-per-child", "4"),
        *("--include", "tests.featureflags.probe"),
    ]
    return faults.process(program, env=env)


class Workers:
    """What both processes of the worker believe, asked by tasks until both have answered."""

    def __init__(self, redis, process, env):
        self.redis, self.process, self.env = redis, process, env

    def all_say(self, wanted):
        def look():
            with contextlib.suppress(Exception), self.redis.client() as client:
                answers = client.hvals(KEY)
                if len(answers) >= 2 and set(answers) == {wanted.encode()}:
                    return True
                if set(answers) - {wanted.encode()}:
                    # Of a process that has been replaced since: nobody will correct it.
                    client.delete(KEY)
            self._ring()
            return False

        faults.until(look, f"both workers say {wanted}", process=self.process)

    def _ring(self):
        with faults.process(["-c", f"import django; django.setup(); {SEND}; {SEND}; {SEND}"], env=self.env) as bell:
            bell.wait()


@pytest.fixture
def signup_open():
    make("signup_open", default="on")


def test_two_web_and_two_worker_processes_obey(signup_open):
    with faults.redis() as redis:
        env = {"REDIS_URL": redis.url} | NEVER_POLLS | REAL
        with faults.web(processes=2, env=env) as webs, worker(env) as process:
            process.wait_for_line("ready.")
            workers = Workers(redis, process, env)
            workers.all_say("True")
            assert [is_open(web) for web in webs] == [True, True]

            flag("kill", env)
            for web in webs:
                faults.until(lambda web=web: not is_open(web), "a web process obeys", process=web)
            workers.all_say("False")

            redis.stop()
            redis.start()
            flag("restore", env)
            for web in webs:
                faults.until(lambda web=web: is_open(web), "a web process obeys after Redis", process=web)
            workers.all_say("True")


def test_without_redis_every_process_obeys_at_its_poll(signup_open):
    with faults.redis() as redis:
        env = {"REDIS_URL": redis.url, "FLAG_POLL_SECONDS": "1"} | REAL
        with faults.web(processes=2, env=env) as webs, faults.process(["-c", ASK], env=env) as other:
            other.wait_for_line("open")
            assert [is_open(web) for web in webs] == [True, True]

            redis.stop()
            flag("kill", env)

            for web in webs:
                faults.until(lambda web=web: not is_open(web), "a web process obeys", process=web)
            other.wait_for_line("closed")


def test_a_redis_that_hangs_does_not_keep_pages_from_obeying(signup_open):
    with faults.redis() as redis:
        env = {"REDIS_URL": redis.url, "FLAG_POLL_SECONDS": "1"} | REAL
        with faults.web(env=env) as [web]:
            assert is_open(web)

            redis.pause()
            flag("kill", env)

            faults.until(lambda: not is_open(web), "the web process obeys", process=web)
            redis.resume()


def test_with_postgres_and_redis_away_the_last_snapshot_holds(signup_open):
    program = ASK.replace("while True", "for _ in range(40)")
    with faults.postgres() as postgres, faults.redis() as redis:
        env = {
            "DATABASE_URL": postgres.url,
            "REDIS_URL": redis.url,
            "FLAG_POLL_SECONDS": "1",
        } | REAL
        for command in (["migrate", "--verbosity=0"], ["flag", "set", "signup_open", "--create", "--why=a test"]):
            with faults.process(["manage.py", *command], env=env) as process:
                assert process.wait() == 0, process.output()
        with faults.process(["-c", program], env=env) as other:
            other.wait_for_line("closed")

            postgres.stop()
            redis.stop()
            other.wait_for_line("flags_not_refreshed")

            assert other.wait() == 0, other.output()
            # The code's own default is open.
            assert "open" not in other.output().replace("signup_open", "")


def test_a_preloaded_server_forks_workers_that_obey(signup_open):
    with faults.redis() as redis:
        env = {"REDIS_URL": redis.url} | NEVER_POLLS | REAL
        with faults.process(["-c", PRELOADED], env=env) as process:
            process.wait_for_line("two forks say open")

            flag("kill", env)

            process.wait_for_line("two forks say closed")
            assert process.wait() == 0, process.output()
    assert Flag.objects.get().killed_at


# What `gunicorn --preload` does: the flags are read in the parent, then it forks.
PRELOADED = """
import django, os, threading
django.setup()
import featureflags
from django.db import connections
say = lambda: 'open' if featureflags.enabled('signup_open', default=False) else 'closed'
assert say() == 'open'
connections.close_all()
pipe = os.pipe()
for _ in range(2):
    if os.fork() == 0:
        pause = threading.Event()
        os.write(pipe[1], say()[:1].encode())
        while say() == 'open':
            pause.wait(0.05)
        os.write(pipe[1], say()[:1].encode())
        os._exit(0)
first = b''
while len(first) < 2:
    first += os.read(pipe[0], 2 - len(first))
print('two forks say open' if first == b'oo' else first, flush=True)
second = b''
while len(second) < 2:
    second += os.read(pipe[0], 2 - len(second))
print('two forks say closed' if second == b'cc' else second, flush=True)
"""
