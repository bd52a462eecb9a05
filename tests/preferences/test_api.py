"""Preferences through the API: the same choice as on the page, fenced by what the client has seen."""

import pytest

from preferences.models import Preference
from tests.api.conftest import assert_problem, program
from tests.races import race

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def asks(alice):
    return program(alice, "read", "write")


def change(asks, body, etag):
    headers = {"if-match": etag} if etag else {}
    return asks.send("PATCH", "/preferences", body, headers=headers)


def test_somebody_who_never_chose_has_the_defaults(asks):
    response = asks.get("/preferences")

    assert response.json()["mode"] == "system"
    assert response.json()["changed_at"] is None


def test_only_what_is_named_changes(asks, alice):
    etag = asks.get("/preferences")["ETag"]
    first = change(asks, {"mode": "dark", "time_zone": "Europe/London"}, etag)

    second = change(asks, {"week_start": 7}, first["ETag"])

    assert second.status_code == 200
    said = second.json()
    assert (said["mode"], said["week_start"], said["time_zone"]) == ("dark", 7, "Europe/London")
    assert asks.get("/preferences").json() == said
    assert asks.get("/preferences")["ETag"] == second["ETag"] != first["ETag"]


def test_a_change_of_what_was_not_read_is_428(asks):
    assert_problem(change(asks, {"mode": "dark"}, None), 428)
    assert not Preference.objects.exists()


@pytest.mark.parametrize("etag", ['"0.nowhere"', 'W/"0."', "garbage", ""])
def test_a_change_of_another_state_is_412(asks, etag):
    response = asks.send("PATCH", "/preferences", {"mode": "dark"}, headers={"if-match": etag})

    assert_problem(response, 412)
    assert not Preference.objects.exists()


def test_a_stale_change_is_412_and_overwrites_nothing(asks):
    etag = asks.get("/preferences")["ETag"]
    newer = change(asks, {"mode": "dark"}, etag)

    refused = change(asks, {"mode": "light"}, etag)

    assert_problem(refused, 412)
    assert refused["ETag"] == newer["ETag"]
    assert Preference.objects.get().mode == "dark"


def test_two_changes_at_once_of_the_same_state_make_one(asks, alice):
    etag = asks.get("/preferences")["ETag"]

    results = race(
        *[lambda mode=mode: change(program(alice, "read", "write"), {"mode": mode}, etag) for mode in ("dark", "light")]
    )

    assert sorted(each.status_code for each in results) == [200, 412]


def test_a_zone_that_the_operator_changed_is_another_state(asks, alice):
    etag = asks.get("/preferences")["ETag"]
    type(alice).objects.filter(pk=alice.pk).update(time_zone="Asia/Tokyo")

    assert asks.get("/preferences", headers={"if-none-match": etag}).status_code == 200
    assert_problem(change(asks, {"mode": "dark"}, etag), 412)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"mode": None},
        {"mode": "pink"},
        {"week_start": "1"},
        {"week_start": True},
        {"time_zone": "Mars/Base"},
        {"version": 1},
    ],
)
def test_what_nobody_can_choose_is_422(asks, body):
    assert_problem(change(asks, body, "*"), 422)
    assert not Preference.objects.exists()
