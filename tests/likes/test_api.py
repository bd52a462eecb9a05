"""The same acts for programs."""

import pytest

from likes import services
from tests import factories


@pytest.fixture
def api(client, bob):
    client.force_login(bob)

    def ask(method, path, **more):
        return client.generic(method, f"/api/v1{path}", **more)

    return ask


def test_put_sets_and_delete_clears_whatever_was_before(api, bread):
    path = f"/reactions/comments.discussion/{bread.pk}"

    answers = [api(method, f"{path}/like") for method in ("PUT", "PUT", "DELETE", "DELETE")]

    assert [each.status_code for each in answers] == [200] * 4
    assert [each.json()["counts"] for each in answers] == [{"like": 1}, {"like": 1}, {}, {}]
    assert [each.json()["mine"] for each in answers] == [["like"], ["like"], [], []]
    assert api("GET", path).json()["offered"][:2] == ["like", "heart"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("comments.discussion/{pk}/up", 422),
        ("comments.discussion/{pk}/x", 422),
        ("comments.discussion/999/like", 404),
        ("sessions_app.user/1/like", 404),
        ("comments.discussion/99999999999999999999/like", 404),
    ],
)
def test_what_cannot_be_said_is_a_problem(api, bread, path, status):
    answer = api("PUT", f"/reactions/{path.format(pk=bread.pk)}")

    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"


def test_ones_own_vote_is_a_conflict(api, bob, settings):
    settings.LIKE_OWN = False
    mine = factories.discussion(by=bob)

    answer = api("PUT", f"/reactions/comments.discussion/{mine.pk}/like")

    assert answer.status_code == 409
    assert answer.json()["detail"] == "You cannot like what is your own."


def test_people_and_mine_are_lists(api, bread, alice, bob):
    services.set_reaction(thing=bread, kind="heart", by=alice)
    services.set_reaction(thing=bread, kind="like", by=bob)

    people = api("GET", f"/reactions/comments.discussion/{bread.pk}/people").json()
    hearts = api("GET", f"/reactions/comments.discussion/{bread.pk}/people", QUERY_STRING="kind=heart").json()
    mine = api("GET", "/reactions").json()

    assert [each["name"] for each in people["items"]] == ["Bob", "Alice"]
    assert [each["name"] for each in hearts["items"]] == ["Alice"]
    assert [(each["title"], each["kind"]) for each in mine["items"]] == [("Bread on Mondays", "like")]
