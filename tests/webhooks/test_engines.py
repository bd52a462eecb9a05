"""The pure engines: the ladder, fairness, health, custom headers."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhooks import fairness, headers, health, ladder
from webhooks.health import Health

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


# --- The ladder -------------------------------------------------------------------------------------------


def test_the_standard_ladder_is_seven_attempts_in_34_hours_and_36_minutes():
    assert len(ladder.STANDARD) == 7
    assert sum(ladder.STANDARD) == 34 * 3600 + 36 * 60


@given(st.integers(0, 20), st.floats(0, 1))
def test_a_wait_stays_within_a_fifth_of_its_rung(attempts, drawn):
    wait = ladder.next_wait(ladder.STANDARD, attempts, draw=lambda: drawn)

    if attempts >= 7:
        assert wait is None
    else:
        assert 0.8 * ladder.STANDARD[attempts] <= wait <= 1.2 * ladder.STANDARD[attempts]


@given(st.floats(0, 1e9))
def test_retry_after_only_makes_a_wait_longer_and_not_past_a_day(asked):
    wait = ladder.next_wait(ladder.STANDARD, 1, draw=lambda: 0.5, retry_after=asked)

    assert max(60, min(asked, 86400)) == wait


@given(st.lists(st.integers(5, ladder.RUNG_MAX), max_size=14))
def test_a_ladder_that_is_written_is_read_back(waits):
    assert ladder.read_ladder(ladder.write_ladder([0, *waits])) == [0, *waits]


@pytest.mark.parametrize("text", ["", "1m", "0, 1", "0, x", "0, -5m", "0, 4d", "0 " + "1m " * 15, "0, ٣m", "0, 1e9s"])
def test_what_is_no_ladder_is_refused(text):
    with pytest.raises(ValueError):  # noqa: PT011
        ladder.read_ladder(text)


@given(st.text(max_size=80))
def test_no_retry_after_breaks_the_reader(text):
    found = ladder.read_retry_after(text, NOON)

    assert found is None or found >= 0


def test_retry_after_is_seconds_or_a_date():
    assert ladder.read_retry_after("120", NOON) == 120
    assert ladder.read_retry_after("Tue, 24 Nov 2026 12:02:00 GMT", NOON) == 120
    assert ladder.read_retry_after("Tue, 24 Nov 2026 11:00:00 GMT", NOON) == 0


# --- Fairness ---------------------------------------------------------------------------------------------

WANTS = st.dictionaries(st.integers(0, 50), st.integers(0, 100), max_size=20)


@given(st.integers(0, 500), WANTS)
def test_all_room_is_used_and_nobody_gets_more_than_they_want(room, wants):
    shares = fairness.share(room, wants)

    assert sum(shares.values()) == min(room, sum(wants.values()))
    assert all(0 < given <= wants[name] for name, given in shares.items())


@given(st.integers(0, 500), WANTS)
def test_who_gets_less_than_they_want_gets_no_less_than_anybody_else(room, wants):
    shares = fairness.share(room, wants)

    for name, want in wants.items():
        if shares.get(name, 0) < want:
            assert all(other - 1 <= shares.get(name, 0) for other in shares.values())


def test_a_long_backlog_does_not_take_the_room_of_a_short_one():
    assert fairness.share(10, {1: 50_000, 2: 3, 3: 1}) == {1: 6, 2: 3, 3: 1}


@given(st.integers(1, 6000), st.integers(1, 400))
def test_a_rate_is_never_passed_over_a_minute(per_minute, steps):
    full_at, now, total = None, NOON, 0
    for _ in range(steps):
        spent, full_at = fairness.spend(full_at, now, per_minute=per_minute, want=10**6)
        total += spent
        now += MINUTE / steps

    burst = max(per_minute // 60, 1)
    assert total <= per_minute + burst + 1


def test_a_backlog_comes_as_a_stream():
    first, full_at = fairness.spend(None, NOON, per_minute=60, want=50_000)
    second, _ = fairness.spend(full_at, NOON, per_minute=60, want=50_000)
    later, _ = fairness.spend(full_at, NOON + timedelta(seconds=1), per_minute=60, want=50_000)

    assert (first, second, later) == (1, 0, 1)


# --- Health -----------------------------------------------------------------------------------------------


def fail(state, at, **more):
    return health.after_failure(state, started_at=at, ended_at=at, **more)


def failed(times, start=NOON):
    state = Health()
    for number in range(times):
        state = fail(state, start + number * timedelta(seconds=1))
    return state


def test_the_breaker_opens_after_ten_failures_in_a_row():
    assert failed(9).rests_until is None
    assert failed(10).rests_until == NOON + timedelta(seconds=9 + 30)
    assert failed(10).is_probed


def test_a_probe_that_fails_doubles_the_rest_up_to_five_minutes():
    state, rests = failed(10), []
    for _ in range(6):
        at = state.rests_until
        state = fail(state, at)
        rests.append((state.rests_until - at).total_seconds())

    assert rests == [60, 120, 240, 300, 300, 300]


def test_what_was_under_way_when_it_opened_opens_it_no_further():
    state = failed(10)

    late = fail(state, NOON + timedelta(seconds=5))

    assert (late.trips, late.rests_until) == (state.trips, state.rests_until)


def test_one_success_closes_it_and_forgets():
    assert health.after_success(failed(30)) == Health()


def test_a_receiver_that_asks_for_rest_gets_it_within_an_hour():
    assert fail(Health(), NOON, retry_after=120).rests_until == NOON + timedelta(seconds=120)
    assert fail(Health(), NOON, retry_after=10**9).rests_until == NOON + timedelta(hours=1)


@pytest.mark.parametrize(
    ("hours", "warned", "due"),
    [(0, False, ""), (59, False, ""), (60, False, "warn"), (60, True, ""), (119, True, ""), (120, True, "disable")],
)
def test_half_way_there_is_a_warning_and_at_the_end_it_is_disabled(hours, warned, due):
    state = Health(failures=5, failing_since=NOON, warned_at=NOON if warned else None)

    assert health.verdict(state, NOON + timedelta(hours=hours)) == due


# --- Custom headers ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        *("Host", "content-length", "Transfer-Encoding", "Connection", "webhook-id", "Webhook-Signature", "Cookie"),
        *("Proxy-Authorization", "Sec-Fetch-Site", "X-Forwarded-For", "Upgrade", "TE", "Content-Type", "User-Agent"),
        *("", " ", "a b", "a:b", "a\r\nb", "é", "a" * 81, "x\0y", ":authority"),
    ],
)
def test_a_header_that_is_not_theirs_to_set_is_refused(name):
    with pytest.raises(headers.Refused):
        headers.check({name: "x"})


@pytest.mark.parametrize("value", ["", "a\nb", "a\r\nHost: b", "a\0", "é", " a", "a ", "x" * 1001, "\x7f"])
def test_a_value_that_is_no_line_of_ascii_is_refused_and_not_repeated(value):
    with pytest.raises(headers.Refused) as error:
        headers.check({"X-Token": value})

    assert "X-Token" in str(error.value)
    assert value.strip() == "" or value not in str(error.value)


def test_headers_are_kept_as_they_are_written():
    assert headers.read_lines("X-Token: a:b c\n\nAuthorization: Bearer x") == {
        "X-Token": "a:b c",
        "Authorization": "Bearer x",
    }


def test_there_are_not_too_many_headers_and_none_twice():
    with pytest.raises(headers.Refused, match="At most 20"):
        headers.check({f"X-{number}": "1" for number in range(21)})
    with pytest.raises(headers.Refused, match="twice"):
        headers.check({"X-A": "1", "x-a": "2"})
    with pytest.raises(headers.Refused, match="twice"):
        headers.read_lines("X-A: 1\nX-A: 2")
