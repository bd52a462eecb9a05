"""The JSON API of comments: what is said, saying something once, and what is refused."""

import pytest
from django.utils import timezone

from comments import services
from comments.models import Act, Comment, Report, Subscription, Thread
from tests import factories


def path(thing):
    return f"/api/v1/comments/comments.discussion/{thing.pk}"


def post(client, thing, **body):
    return client.post(path(thing), body, content_type="application/json")


def test_what_is_said_comes_latest_first_in_pages(at_alice, bread, bob):
    rows = [factories.comment(on=bread, by=bob, body=f"No. {number}") for number in range(5)]

    first = at_alice.get(f"{path(bread)}?limit=3").json()
    second = at_alice.get(f"{path(bread)}?limit=3&cursor={first['next']}").json()

    found = [each["id"] for page in (first, second) for each in page["items"]]
    assert found == [row.pk for row in reversed(rows)]
    assert second["next"] is None


def test_a_reply_is_told_as_it_stands(at_alice, bread, bob):
    root = factories.comment(on=bread, by=bob)

    response = post(at_alice, bread, body="And *pepper*.", parent=root.pk)

    said = response.json()
    assert response.status_code == 201
    assert (said["parent"], said["depth"], said["author"]) == (root.pk, 2, "Alice")
    assert said["html"] == "<p>And <em>pepper</em>.</p>\n"


def test_a_tombstone_tells_nothing_of_what_it_said(at_alice, bread, alice, bob):
    root = factories.comment(on=bread, by=bob, body="my secret")
    factories.comment(under=root, by=alice)
    services.delete_comment(comment_id=root.pk, by=bob)

    answer = at_alice.get(path(bread))

    told = answer.json()["items"][1]
    assert "secret" not in answer.content.decode()
    assert (told["state"], told["author"], told["body"], told["replies"]) == ("deleted", None, "", 1)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"body": ""},
        {"body": "x" * 40_001},
        {"body": "\u202eevil"},
        {"body": "x", "parent": 0},
        {"body": "> " * 30 + "x"},
    ],
)
def test_what_cannot_be_taken_is_refused(at_alice, bread, body):
    assert post(at_alice, bread, **body).status_code == 422
    assert not Comment.objects.exists()


def test_a_locked_thread_and_a_parent_that_is_gone_are_conflicts(at_alice, bread, bob):
    root = factories.comment(on=bread, by=bob)
    services.delete_comment(comment_id=root.pk, by=bob)
    gone = post(at_alice, bread, body="Hm.", parent=root.pk).status_code
    Thread.objects.update(locked_at=timezone.now())

    locked = post(at_alice, bread, body="Hm.").status_code

    assert (gone, locked) == (409, 409)


def test_somebody_new_is_told_to_wait(client, bread):
    client.force_login(factories.user(name="nina"))
    post(client, bread, body="Salt.")

    assert post(client, bread, body="Pepper.").status_code == 429


def test_what_is_not_there_is_a_404(at_alice, bread):
    bread.pk += 1

    assert at_alice.get(path(bread)).status_code == 404
    assert post(at_alice, bread, body="Hm.").status_code == 404


def test_a_page_costs_the_same_whatever_is_said(at_alice, bread, bob, django_assert_num_queries):
    for _ in range(3):
        factories.comment(on=bread, by=bob)
    at_alice.get(path(bread))

    with django_assert_num_queries(3):
        at_alice.get(path(bread))
    for _ in range(20):
        factories.comment(on=bread, by=bob)
    with django_assert_num_queries(3):
        at_alice.get(path(bread))


# --- One comment ------------------------------------------------------------------------------------------------------


def one(row, rest=""):
    return f"/api/v1/comments/{row.pk}{rest}"


def send(client, method, address, body=None):
    return getattr(client, method)(address, body, content_type="application/json")


def test_its_author_says_it_in_other_words_and_takes_it_back(at_alice, alice, bread):
    row = factories.comment(on=bread, by=alice, body="Salt.")

    changed = send(at_alice, "patch", one(row), {"body": "*Much* salt."})
    gone = at_alice.delete(one(row))

    assert changed.json()["html"] == "<p><em>Much</em> salt.</p>\n"
    assert gone.status_code == 204
    assert Comment.objects.get().state == "deleted"
    assert at_alice.get(one(row)).status_code == 404


def test_nobody_else_changes_it(at_alice, bob, bread):
    row = factories.comment(on=bread, by=bob)

    answers = [send(at_alice, "patch", one(row), {"body": "Mine."}), at_alice.delete(one(row))]

    assert [answer.status_code for answer in answers] == [403, 403]
    row.refresh_from_db()
    assert (row.state, row.body) == ("visible", "I bring salt.")


def test_it_is_reported_once_and_not_by_its_author(at_alice, alice, bob, bread):
    rude, own = factories.comment(on=bread, by=bob), factories.comment(on=bread, by=alice)

    answers = [
        send(at_alice, "post", one(row, "/reports"), {"reason": "rude", "note": "Again"}) for row in (rude, rude, own)
    ]

    assert [answer.status_code for answer in answers] == [204, 409, 409]
    assert Report.objects.get().note == "Again"


def test_only_who_may_moderate_moderates(client, at_alice, bob, mona, bread):
    row = factories.comment(on=bread, by=bob)
    act = {"kind": "hide", "reason": "Off the topic"}

    refused = send(at_alice, "post", one(row, "/acts"), act)
    client.force_login(mona)
    done, again = (send(client, "post", one(row, "/acts"), act) for _ in range(2))

    assert (refused.status_code, done.status_code, again.status_code) == (404, 200, 200)
    assert (done.json()["state"], done.json()["body"]) == ("hidden", "")
    assert Act.objects.get().by == mona


@pytest.mark.parametrize(
    ("rest", "body"),
    [
        ("", {}),
        ("", {"body": "x" * 40_001}),
        ("", {"body": "\u202eevil"}),
        ("/reports", {"reason": "envy"}),
        ("/reports", {"reason": "rude", "note": "x" * 201}),
        ("/acts", {"kind": "burn", "reason": "x"}),
        ("/acts", {"kind": "hide", "reason": " "}),
        ("/acts", {"kind": "hide", "reason": "\u202eevil"}),
    ],
)
def test_what_cannot_be_taken_of_one_is_refused(client, mona, bread, rest, body):
    row = factories.comment(on=bread, by=mona)
    client.force_login(mona)

    answer = send(client, "post" if rest else "patch", one(row, rest), body)

    assert answer.status_code == 422
    assert not Act.objects.exists()


def test_a_thing_is_followed_and_not_any_more_and_twice_is_once(at_alice, alice, bread):
    address = f"{path(bread)}/subscription"

    statuses = [at_alice.put(address).status_code for _ in range(2)]
    followed = Subscription.objects.standing().filter(user=alice).count()
    statuses += [at_alice.delete(address).status_code for _ in range(2)]

    assert (statuses, followed) == ([204] * 4, 1)
    assert not Subscription.objects.standing().exists()
    assert at_alice.put("/api/v1/comments/comments.discussion/999/subscription").status_code == 404
