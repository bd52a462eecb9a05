"""Counting: in memory, in batches, each batch once, also when somebody dies halfway."""

import threading
from datetime import timedelta

import pytest
import redis
from django.conf import settings as django_settings
from django.utils import timezone
from django_redis import get_redis_connection

import featureflags
from featureflags import services
from featureflags.models import CountBatch, EvaluationCount, Exposure, Flag
from featureflags.services import counting
from featureflags.tally import COUNTS_KEY, Tally, tally
from tests.featureflags.conftest import make
from tests.races import Gate, held, race

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def rolled_out(live_flags):
    return make(rules=[{"people": ["7"], "serve": "on"}])


def ask(times=1, person="7"):
    return [featureflags.enabled("new_home", {"targetingKey": person}) for _ in range(times)]


def counts():
    return dict(EvaluationCount.objects.values_list("variant", "count"))


def test_evaluations_are_counted_by_variant(rolled_out):
    ask(3)
    ask(2, person="8")
    tally.flush()

    assert services.take_over_counts() == 5
    assert counts() == {"on": 3, "off": 2}
    assert Flag.objects.get().evaluated_at
    assert services.take_over_counts() == 0


def test_nothing_is_sent_at_a_call(rolled_out):
    ask(50)

    assert not get_redis_connection().exists(COUNTS_KEY)


def test_batches_of_one_hour_add_up(rolled_out):
    for _ in range(2):
        ask(2)
        tally.flush()
        services.take_over_counts()

    assert counts() == {"on": 4}


def test_threads_lose_no_count(rolled_out, settings):
    ask()
    settings.FLAG_CHECK_SECONDS = 3600
    ask()
    threads = [threading.Thread(target=ask, args=(500,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tally.flush()

    assert services.take_over_counts() == 2002


def test_a_batch_whose_taker_died_after_the_commit_is_not_added_twice(rolled_out):
    ask(3)
    tally.flush()
    name = "11111111-1111-4111-8111-111111111111"
    get_redis_connection().rename(COUNTS_KEY, f"{counting.TAKEN_KEY}{name}:counts")
    CountBatch.objects.create(pk=name)

    services.take_over_counts()

    assert counts() == {}
    assert not get_redis_connection().keys(f"{counting.TAKEN_KEY}*")


def test_a_batch_whose_taker_died_before_the_commit_is_added(rolled_out):
    ask(3)
    tally.flush()
    name = "11111111-1111-4111-8111-111111111111"
    get_redis_connection().rename(COUNTS_KEY, f"{counting.TAKEN_KEY}{name}:counts")

    services.take_over_counts()

    assert counts() == {"on": 3}


def test_two_takers_at_once_count_once(rolled_out):
    ask(6)
    tally.flush()

    results = race(services.take_over_counts, services.take_over_counts)

    assert counts() == {"on": 6}, results


def test_whoever_finds_a_batch_in_other_hands_counts_nothing_and_does_not_fail(rolled_out):
    ask(6)
    tally.flush()

    with held(Gate(), services.take_over_counts, "INSERT", "featureflags_countbatch") as first:
        threads = [threading.Thread(target=lambda: results.append(race(services.take_over_counts)[0]))]
        results: list[object] = []
        for thread in threads:
            thread.start()
    for thread in threads:
        thread.join()

    assert sorted([*first, *results]) == [0, 6]
    assert counts() == {"on": 6}


@pytest.mark.parametrize("person", ["a\0b", "\ud800"])
def test_a_name_that_cannot_be_stored_does_not_stop_the_counting(rolled_out, person):
    ask(person=person)
    tally.flush()

    assert services.take_over_counts() == 1
    assert (counts(), Exposure.objects.get().person) == ({"off": 1}, "")


def test_without_redis_counts_wait_in_the_process(rolled_out, settings):
    ask(3)
    there = django_settings.CACHES
    settings.CACHES = {"default": django_settings.CACHES["default"] | {"LOCATION": "redis://127.0.0.1:1/0"}}
    tally.flush()
    with pytest.raises(redis.RedisError):
        services.take_over_counts()
    settings.CACHES = there
    tally.flush()

    assert services.take_over_counts() == 3


def test_exposures_are_sampled_and_one_a_person_in_a_batch(rolled_out, settings):
    settings.FLAG_SAMPLE_EVERY = 10
    ask(95)
    tally.flush()

    services.take_over_counts()

    exposure = Exposure.objects.get()
    assert (exposure.person, exposure.variant, exposure.reason, exposure.rule) == ("7", "on", "TARGETING_MATCH", 0)


def test_old_exposures_are_cleared(rolled_out, settings):
    Exposure.objects.create(
        flag=rolled_out, variant="on", reason="STATIC", rule=-1, at=timezone.now() - timedelta(days=31)
    )

    services.take_over_counts()

    assert not Exposure.objects.exists()


def test_a_forked_child_does_not_count_what_its_parent_counted():
    mine = Tally()
    mine.note("a", "on", "", "STATIC", -1)
    mine.forget()
    mine.flush()

    assert not get_redis_connection().exists(COUNTS_KEY)
