"""The breaker of a provider: it opens, lets a try through after a while, and closes when that succeeds."""

import pytest

from emailqueue.providers import FAILURES_MAX, PAUSE_MAX_SECONDS, PAUSE_SECONDS, AllAway, Line, Providers
from emailqueue.transmission import Lost
from tests.emailqueue.sink import Sink


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def providers(clock):
    return Providers(["smtp://one.example", "smtp://two.example"], timeout=1, clock=clock)


def fail(health, times=FAILURES_MAX):
    return [health.failed() for _ in range(times)]


def names(providers):
    return [provider.name for provider, _ in providers.usable()]


def test_three_failures_in_a_row_open_it_and_the_next_provider_is_first(providers):
    opened = fail(providers.all[0][1])

    assert opened == [False, False, True]
    assert names(providers) == ["two.example"]
    assert providers.wait() == 0


def test_a_success_between_failures_keeps_it_closed(providers):
    health = providers.all[0][1]

    fail(health, 2)
    health.succeeded()
    fail(health, 2)

    assert names(providers) == ["one.example", "two.example"]


def test_with_all_of_them_open_the_shortest_wait_is_told(providers, clock):
    fail(providers.all[0][1])
    clock.now += 4
    fail(providers.all[1][1])

    with pytest.raises(AllAway) as away:
        providers.usable()

    assert away.value.retry_after == PAUSE_SECONDS - 4 == providers.wait()


def test_after_its_pause_one_failure_opens_it_again_for_twice_as_long_up_to_a_limit(providers, clock):
    health = providers.all[0][1]
    fail(health)
    pauses = [health.wait]
    for _ in range(7):
        clock.now += health.wait
        assert names(providers) == ["one.example", "two.example"]
        assert health.failed()
        pauses.append(health.wait)

    assert pauses == [10, 20, 40, 80, 160, PAUSE_MAX_SECONDS, PAUSE_MAX_SECONDS, PAUSE_MAX_SECONDS]


def test_a_success_after_its_pause_closes_it_and_forgets(providers, clock):
    health = providers.all[0][1]
    fail(health)
    clock.now += health.wait
    health.succeeded()

    assert fail(health) == [False, False, True]
    assert health.wait == PAUSE_SECONDS


def test_lanes_that_were_still_trying_when_it_opened_make_no_pause_longer(providers):
    health = providers.all[0][1]
    fail(health)

    late = fail(health, 20)

    assert not any(late)
    assert health.wait == PAUSE_SECONDS


def test_a_lane_leaves_a_provider_whose_breaker_another_lane_opened(clock):
    first, second = Sink().start(), Sink().start()
    providers = Providers([first.url, second.url], timeout=5, clock=clock)
    line = Line(providers)
    before, _ = line.open()

    fail(providers.all[0][1])
    after, _ = line.open()
    clock.now += PAUSE_SECONDS
    line.failed(Lost("gone"))
    again, _ = line.open()

    assert [each.url for each in (before, after, again)] == [first.url, second.url, first.url]
    line.hang_up()
    first.stop()
    second.stop()
