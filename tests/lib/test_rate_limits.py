"""How many come through, when the next may, and that an absent Redis stops nobody."""

import pytest
import redis

from deploy.local.ground import free_port
from lib.breaker import Breaker
from lib.rate_limits import Limit, spend
from tests.races import race

LIMIT = Limit("person", quota=4, seconds=8)
NOON = 1_800_000_000.0


@pytest.fixture
def limits(redis_server):
    return Breaker(lambda: redis_server, event="limits_away")


def test_a_full_quota_comes_through_at_once_and_then_nobody(limits):
    standings = [spend(limits, LIMIT, "alice", now=NOON) for _ in range(5)]

    assert [each.allowed for each in standings] == [True] * 4 + [False]
    assert [each.remaining for each in standings] == [3, 2, 1, 0, 0]
    assert standings[-1].retry_after == 2


def test_whoever_waits_as_long_as_was_said_comes_in(limits):
    for _ in range(4):
        spend(limits, LIMIT, "alice", now=NOON)
    wait = spend(limits, LIMIT, "alice", now=NOON).retry_after

    early = spend(limits, LIMIT, "alice", now=NOON + wait - 0.01)
    later = spend(limits, LIMIT, "alice", now=NOON + wait)

    assert (early.allowed, later.allowed) == (False, True)


def test_a_refusal_costs_nothing(limits):
    for _ in range(40):
        spend(limits, LIMIT, "alice", now=NOON)

    assert spend(limits, LIMIT, "alice", now=NOON + 2).allowed


def test_no_edge_of_a_window_lets_twice_as_many_through(limits):
    moments = [NOON + step * 0.25 for step in range(33)]  # eight seconds

    allowed = sum(spend(limits, LIMIT, "alice", now=at).allowed for at in moments)

    assert allowed == 4 + 4


def test_a_quota_is_full_again_when_it_said_so(limits):
    for _ in range(4):
        full_after = spend(limits, LIMIT, "alice", now=NOON).full_after

    again = [spend(limits, LIMIT, "alice", now=NOON + full_after).allowed for _ in range(5)]

    assert full_after == 8
    assert again == [True] * 4 + [False]


def test_each_subject_and_each_limit_counts_for_itself(limits):
    for _ in range(5):
        spend(limits, LIMIT, "alice", now=NOON)

    assert spend(limits, LIMIT, "bob", now=NOON).allowed
    assert spend(limits, Limit("address", 4, 8), "alice", now=NOON).allowed


def test_requests_at_once_cannot_pass_the_quota_together(limits, db):
    results = race(*[lambda: spend(limits, Limit("person", 4, 3600), "alice")] * 12)

    assert sum(each.allowed for each in results) == 4


def test_what_is_counted_is_forgotten_after_the_window(limits, redis_server):
    spend(limits, LIMIT, "alice")

    assert 0 < redis_server.pttl("limit:person:alice") <= 8000


def test_an_absent_redis_stops_nobody_and_is_asked_once_a_second():
    asked = []

    def connect():
        asked.append(1)
        return redis.Redis(port=free_port(), socket_connect_timeout=0.25)

    away = Breaker(connect, event="limits_away")

    standings = [spend(away, LIMIT, "alice") for _ in range(10)]

    assert standings == [None] * 10
    assert len(asked) == 1


def test_a_standing_says_itself_in_the_fields_of_an_answer(limits):
    standing = spend(limits, LIMIT, "alice", now=NOON)

    assert LIMIT.policy == '"person";q=4;w=8'
    assert standing.field == '"person";r=3;t=2'
