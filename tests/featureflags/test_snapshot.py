"""What a process holds: replaced whole, found again after every fault, asked without a query. Invariants 3 and 7."""

import os
import threading

import pytest
import redis
from django.conf import settings as django_settings
from django.db import DatabaseError, connection
from django.test import Client
from django_redis import get_redis_connection

import featureflags
from featureflags import services, snapshot
from featureflags.models import Flag, Stamp
from featureflags.snapshot import STAMP_KEY, Store
from tests.featureflags.conftest import make
from tests.races import Gate, race

pytestmark = pytest.mark.django_db(transaction=True)
ANYBODY = {"targetingKey": "7", "country": "PT"}


def a_store():
    """Return the store of another process."""
    other = Store()
    other.read_from(services.read_stamp, services.read_snapshot)
    return other


def test_a_change_is_seen_by_another_process_at_its_next_question(live_flags, settings):
    settings.FLAG_POLL_SECONDS = 3600
    make(default="on")
    other = a_store()
    assert other.fresh().flags["new_home"].killed is False

    services.kill_flag(key="new_home", why="it burns", by=None)

    assert other.fresh().flags["new_home"].killed is True


def test_asking_needs_no_query_and_no_network(live_flags, settings, django_assert_num_queries, monkeypatch):
    make(rules=[{"share": 50_000, "serve": "on"}])
    live_flags.fresh()
    settings.FLAG_CHECK_SECONDS = 3600
    live_flags.fresh()
    sent = []
    monkeypatch.setattr(redis.Connection, "send_packed_command", lambda self, *_, **__: sent.append(self))

    with django_assert_num_queries(0):
        answers = {featureflags.enabled("new_home", {"targetingKey": str(number)}) for number in range(100)}

    assert (answers, sent) == ({True, False}, [])


def test_a_lost_announcement_is_found_by_the_poll(live_flags, settings):
    make()
    other = a_store()
    other.fresh()
    services.kill_flag(key="new_home", why="it burns", by=None)
    # As if Redis had been away when the change was announced.
    get_redis_connection().set(STAMP_KEY, 1)

    assert other.fresh().flags["new_home"].killed is True
    assert int(get_redis_connection().get(STAMP_KEY)) == 2


def test_an_emptied_redis_is_filled_from_postgres_at_once(live_flags, settings):
    settings.FLAG_POLL_SECONDS = 3600
    make()
    other = a_store()
    other.fresh()
    Flag.objects.update(killed_at="2026-01-01T00:00Z")
    Stamp.objects.update(version=5)
    get_redis_connection().delete(STAMP_KEY)

    assert other.fresh().flags["new_home"].killed is True
    assert int(get_redis_connection().get(STAMP_KEY)) == 5


def test_the_higher_stamp_stays(live_flags):
    live_flags.publish(7)
    live_flags.publish(3)

    assert int(get_redis_connection().get(STAMP_KEY)) == 7


@pytest.fixture
def no_redis(settings):
    """Where Redis should be, nobody listens."""
    settings.CACHES = {
        "default": django_settings.CACHES["default"] | {"LOCATION": "redis://127.0.0.1:1/0"},
    }


def test_without_redis_the_poll_finds_a_change(live_flags, no_redis):
    make(default="on")
    other = a_store()
    assert other.fresh().version == 1

    services.kill_flag(key="new_home", why="it burns", by=None)

    assert other.fresh().flags["new_home"].killed is True


def test_a_row_that_cannot_be_read_takes_only_itself_away(live_flags):
    make("good", default="on")
    make("bad", default="on")
    Flag.objects.filter(key="bad").update(rules=[{"nonsense": 1}])
    live_flags.forget()

    assert Client().get("/").status_code == 200
    assert [featureflags.enabled(key, default=False) for key in ("good", "bad")] == [True, False]
    services.kill_flag(key="good", why="it burns", by=None)
    assert featureflags.enabled("good", default=True) is False


def test_who_comes_while_the_first_snapshot_is_read_waits_for_it(live_flags):
    make(default="on")
    other, gate = Store(), Gate()

    def slowly():
        gate.arrive()
        return services.read_snapshot()

    other.read_from(services.read_stamp, slowly)
    found = []
    threads = [threading.Thread(target=lambda: found.extend(race(other.fresh))) for _ in "12"]
    threads[0].start()
    gate.wait_until_reached()
    threads[1].start()
    threads[1].join(0.2)
    gate.open()
    for thread in threads:
        thread.join()

    assert [each.version for each in found] == [1, 1]


def away():
    raise DatabaseError("away")


def test_with_both_away_the_last_snapshot_holds(live_flags, no_redis):
    make(default="on")
    other = a_store()
    held = other.fresh()
    other.read_from(away, away)

    assert other.fresh() is held


def test_a_cold_start_with_both_away_gives_the_default_of_the_code(live_flags, no_redis):
    live_flags.read_from(away, away)

    answers = [featureflags.enabled("new_home", ANYBODY, default=each) for each in (True, False)]

    live_flags.read_from(services.read_stamp, services.read_snapshot)
    assert answers == [True, False]


def test_a_failed_look_leaves_the_transaction_alone(live_flags):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE featureflags_stamp RENAME TO featureflags_gone")
        try:
            assert featureflags.enabled("new_home", ANYBODY, default=True) is True
            cursor.execute("SELECT 1")
            assert cursor.fetchone() == (1,)
        finally:
            cursor.execute("ALTER TABLE featureflags_gone RENAME TO featureflags_stamp")


def test_a_block_sees_one_snapshot_from_start_to_end(live_flags):
    make(default="on")

    with snapshot.pinned():
        before = featureflags.enabled("new_home", ANYBODY)
        services.kill_flag(key="new_home", why="it burns", by=None)
        during = featureflags.enabled("new_home", ANYBODY)

    assert (before, during, featureflags.enabled("new_home", ANYBODY)) == (True, True, False)


def test_a_request_sees_one_snapshot_also_when_it_streams(live_flags, settings):
    make(default="on")
    settings.ROOT_URLCONF = "tests.featureflags.streaming"

    answer = Client().get("/stream")

    assert b"".join(answer.streaming_content) == b"True True"
    assert Client().get("/stream").getvalue() == b"False False"


def test_a_forked_child_decides_and_obeys(live_flags):
    make(default="on")
    assert featureflags.enabled("new_home", ANYBODY) is True
    # Another thread holds the lock at the moment of the fork, and does not exist in the child.
    live_flags._lock.acquire()
    connection.close()

    def child():
        services.kill_flag(key="new_home", why="it burns", by=None)
        return featureflags.enabled("new_home", ANYBODY) is False

    pid = os.fork()
    if pid == 0:
        os._exit(0 if child() else 1)
    live_flags._lock.release()

    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert featureflags.enabled("new_home", ANYBODY) is False


def test_somebody_who_looks_holds_nobody_up(live_flags):
    make(default="on")
    live_flags.fresh()
    with live_flags._lock:
        services.kill_flag(key="new_home", why="it burns", by=None)
        assert live_flags.fresh().flags["new_home"].killed is False

    assert live_flags.fresh().flags["new_home"].killed is True
