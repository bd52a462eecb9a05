"""Flags through the API: members see what each is for them, operators how it is defined."""

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone

from featureflags import services
from featureflags.models import Flag
from featureflags.tally import COUNTS_KEY, tally
from tests import factories
from tests.api.conftest import assert_problem, program
from tests.featureflags.conftest import make
from tests.sessions_app.conftest import sign_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("live_flags")]


@pytest.fixture
def alice(db):
    return factories.user(name="alice")


@pytest.fixture
def bob(db):
    """An operator who may look at flags."""
    user = factories.user(name="bob", staff=True)
    user.user_permissions.set(Permission.objects.filter(codename="view_flag"))
    return user


def for_alice(alice):
    return [{"name": "alice", "people": [str(alice.pk)], "serve": "on"}]


def test_each_sees_what_a_flag_is_for_them(alice, bob):
    make("new_home", rules=for_alice(alice))

    theirs = [program(user).get("/flags").json()["items"] for user in (alice, bob)]

    assert theirs[0] == [
        {"key": "new_home", "type": "boolean", "value": True, "variant": "on", "reason": "TARGETING_MATCH"}
    ]
    assert [each["value"] for each in theirs[1]] == [False]


def test_a_session_sees_the_same_as_a_token(alice):
    make("new_home", rules=[{"name": "half", "share": 50_000, "serve": "on"}])
    browser = sign_in(alice)

    answers = [browser.get("/api/v1/flags"), program(alice).get("/flags")]

    assert answers[0].json() == answers[1].json()


def test_a_program_gets_no_cookie(alice):
    make("new_home", rules=[{"name": "half", "share": 50_000, "serve": "on", "sticky": "device"}])

    assert not program(alice).get("/flags").cookies


def test_one_flag_is_found_by_its_key(alice):
    make("new_home", rules=for_alice(alice))

    assert program(alice).get("/flags/new_home").json()["value"] is True
    assert_problem(program(alice).get("/flags/nothing"), 404)


@pytest.mark.parametrize("key", ["A", "%20", "x" * 81, "9", "a%2Fb", "%ED%A0%80", "ä"])
def test_what_cannot_be_a_key_is_404(alice, bob, key):
    assert_problem(program(alice).get(f"/flags/{key}"), 404)
    assert_problem(program(bob).get(f"/flag-definitions/{key}"), 404)


def test_an_archived_flag_is_gone_and_a_killed_one_is_off(alice, bob):
    for key in ("gone", "dead"):
        make(key, rules=for_alice(alice))
    services.archive_flag(key="gone", why="a test", by=None)
    services.kill_flag(key="dead", why="a test", by=None)

    items = program(alice).get("/flags").json()["items"]

    assert [(each["key"], each["value"], each["reason"]) for each in items] == [("dead", False, "DISABLED")]
    assert_problem(program(alice).get("/flags/gone"), 404)
    assert_problem(program(bob).get("/flag-definitions/gone"), 404)


def test_pages_go_through_all_keys_in_order(alice):
    for key in ("b", "d", "a", "c", "e"):
        make(key)
    asks, seen, cursor = program(alice), [], ""

    while cursor is not None:
        said = asks.get(f"/flags?limit=2&cursor={cursor}").json()
        seen.append([each["key"] for each in said["items"]])
        cursor = said["next"]

    assert seen == [["a", "b"], ["c", "d"], ["e"]]


def test_a_page_begins_after_a_flag_that_is_gone(alice):
    for key in ("a", "b", "c"):
        make(key)
    asks = program(alice)
    cursor = asks.get("/flags?limit=2").json()["next"]
    services.archive_flag(key="b", why="a test", by=None)

    assert [each["key"] for each in asks.get(f"/flags?limit=2&cursor={cursor}").json()["items"]] == ["c"]


def test_a_cursor_of_another_list_is_422(alice, bob):
    for key in ("a", "b"):
        make(key)
    cursor = program(bob).get("/flag-definitions?limit=1").json()["next"]

    assert_problem(program(alice).get(f"/flags?cursor={cursor}"), 422)


def test_what_a_client_has_is_not_sent_again_until_it_changes(alice):
    make("new_home")
    asks = program(alice)
    etag = asks.get("/flags")["ETag"]

    same = asks.get("/flags", headers={"if-none-match": etag})
    services.kill_flag(key="new_home", why="a test", by=None)
    changed = asks.get("/flags", headers={"if-none-match": etag})

    assert (same.status_code, changed.status_code) == (304, 200)


def test_a_look_is_no_use(alice, redis_server):
    make("new_home")
    tally.forget()

    program(alice).get("/flags")
    program(alice).get("/flags/new_home")
    tally.flush()

    assert not redis_server.exists(COUNTS_KEY)


def test_the_list_asks_the_database_about_nothing_but_the_token(alice, django_assert_max_num_queries):
    for key in "abcdefgh":
        make(key)
    asks = program(alice)
    asks.get("/flags")

    # Who asks, and the look for changes that these tests force on each request.
    with django_assert_max_num_queries(4):
        asks.get("/flags")


def test_an_operator_reads_how_flags_are_defined_newest_first(bob):
    for key in ("a", "b"):
        make(key, owner="front desk", rules=for_alice(bob))
    asks = program(bob)

    items = asks.get("/flag-definitions").json()["items"]
    one = asks.get("/flag-definitions/a")

    assert [each["key"] for each in items] == ["b", "a"]
    assert one.json() == items[1]
    assert one.json()["owner"] == "front desk"
    assert one.json()["rules"][0]["people"] == [str(bob.pk)]
    assert "salt" not in one.json()


def test_a_definition_has_another_tag_after_a_change(bob):
    make("a")
    asks = program(bob)
    etag = asks.get("/flag-definitions/a")["ETag"]
    services.kill_flag(key="a", why="a test", by=None)

    assert asks.get("/flag-definitions/a", headers={"if-none-match": etag}).status_code == 200
    assert asks.get("/flag-definitions/a")["ETag"] != etag


def test_who_is_no_operator_is_told_so(alice, bob):
    make("a")
    helper = factories.user(name="mallory", staff=True)
    former = program(bob)
    type(bob).objects.filter(pk=bob.pk).update(is_staff=False)

    for asks in (program(alice), program(helper), former):
        said = assert_problem(asks.get("/flag-definitions"), 403)
        assert "Only operators" in said["detail"]
        assert_problem(asks.get("/flag-definitions/a"), 403)
        assert_problem(asks.get("/flag-definitions/nothing"), 403)


def test_nothing_here_can_be_changed(bob):
    make("a")
    asks = program(bob, "read", "write")

    for path in ("/flags", "/flags/a", "/flag-definitions", "/flag-definitions/a"):
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            assert_problem(asks.send(method, path, {}), 405)
    assert Flag.objects.get().changed_at < timezone.now()
