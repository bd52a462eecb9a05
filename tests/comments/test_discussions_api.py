"""The JSON API of the noticeboard: opening, reading, changing, taking back, reporting and moderating."""

import pytest
from django.utils import timezone

from comments import services
from comments.models import Discussion, Report
from tests import factories

LIST = "/api/v1/discussions"


def send(client, method, path="", **body):
    return getattr(client, method)(f"{LIST}{path}", body, content_type="application/json")


def test_a_discussion_is_opened_read_changed_and_taken_back(at_alice):
    made = send(at_alice, "post", title="Bread", body="Bring *flour*.", tags=["Baking", "rye"])
    pk = made.json()["id"]
    read = send(at_alice, "get", f"/{pk}").json()
    changed = send(at_alice, "patch", f"/{pk}", title="Rye bread").json()
    deleted = send(at_alice, "delete", f"/{pk}")

    assert made.status_code == 201
    assert made.json() == read
    assert (read["title"], read["author"], read["html"]) == ("Bread", "Alice", "<p>Bring <em>flour</em>.</p>\n")
    assert sorted(read["tags"]) == ["baking", "rye"]
    assert (changed["title"], changed["body"]) == ("Rye bread", "Bring *flour*.")
    assert deleted.status_code == 204
    assert send(at_alice, "get", f"/{pk}").status_code == 404


def test_the_list_comes_latest_first_in_pages(at_alice, alice):
    rows = [factories.discussion(by=alice, title=f"No. {number}") for number in range(5)]

    first = at_alice.get(f"{LIST}?limit=3").json()
    second = at_alice.get(f"{LIST}?limit=3&cursor={first['next']}").json()

    found = [each["id"] for page in (first, second) for each in page["items"]]
    assert found == [row.pk for row in reversed(rows)]
    assert second["next"] is None


def test_the_list_costs_the_same_whatever_it_holds(at_alice, alice, django_assert_num_queries):
    factories.discussion(by=alice)
    at_alice.get(LIST)
    with django_assert_num_queries(3):
        at_alice.get(LIST)
    for _ in range(9):
        factories.discussion(by=alice)
    with django_assert_num_queries(3):
        at_alice.get(LIST)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"title": "x"},
        {"title": "", "body": "x"},
        {"title": "x" * 121, "body": "x"},
        {"title": "two\nlines", "body": "x"},
        {"title": "x", "body": "x" * 40_001},
        {"title": "exe.\u202egpj", "body": "x"},
        {"title": "x", "body": "x", "tags": "baking"},
        {"title": "x", "body": "x", "tags": [f"tag {number}" for number in range(11)]},
        {"title": "x", "body": "x", "tags": ["раypal"]},
        {"title": "x", "body": "x", "files": [0]},
        {"title": "x", "body": "x", "state": "visible"},
    ],
)
def test_what_cannot_be_taken_is_refused(at_alice, body):
    response = send(at_alice, "post", **body)

    assert response.status_code == 422
    assert response["Content-Type"] == "application/problem+json"
    assert not Discussion.objects.exists()


def test_files_that_are_not_ones_own_are_not_there(at_alice):
    assert send(at_alice, "post", title="x", body="x", files=[12]).status_code == 409
    assert not Discussion.objects.exists()


def test_what_waits_comes_back_as_held_and_is_not_there_for_others(client, alice):
    client.force_login(factories.user(name="nina"))
    row = send(client, "post", title="Kilns", body="https://kilns.example").json()
    client.force_login(alice)

    assert row["state"] == "held"
    assert send(client, "get", f"/{row['id']}").status_code == 404
    assert client.get(LIST).json()["items"] == []


def test_who_is_limited_is_not_told(client, bob, mona):
    services.act_on_opener(discussion_id=factories.discussion(by=bob).pk, kind="limit", reason="Baits", days=7, by=mona)
    client.force_login(bob)

    assert send(client, "post", title="Soup", body="Salt.").json()["state"] == "visible"


def test_somebody_new_is_put_off(client, db):
    client.force_login(factories.user(name="nina"))
    send(client, "post", title="Soup", body="Salt.")

    response = send(client, "post", title="Stew", body="Pepper.")

    assert response.status_code == 429
    assert response["Retry-After"] == "10"


def test_nobody_else_changes_it(client, bread, bob):
    client.force_login(bob)

    assert send(client, "patch", f"/{bread.pk}", title="x").status_code == 403
    assert send(client, "delete", f"/{bread.pk}").status_code == 403


def test_where_something_was_said_it_cannot_be_taken_back(at_alice, bread, bob):
    services.post_comment(thing=bread, body="Salt.", by=bob)

    assert send(at_alice, "delete", f"/{bread.pk}").status_code == 409
    assert send(at_alice, "get", f"/{bread.pk}").json()["comments"] == 1


def test_a_report_and_an_act_settle_it(client, bread, bob, mona):
    client.force_login(bob)
    reported = send(client, "post", f"/{bread.pk}/reports", reason="spam")
    twice = send(client, "post", f"/{bread.pk}/reports", reason="spam")
    stranger = send(client, "post", f"/{bread.pk}/acts", kind="hide", reason="x")
    client.force_login(mona)

    hidden = send(client, "post", f"/{bread.pk}/acts", kind="hide", reason="Advertising")

    assert [each.status_code for each in (reported, twice, stranger, hidden)] == [204, 409, 404, 204]
    assert not Report.objects.open().exists()
    assert Discussion.objects.get().state == "hidden"
    assert send(client, "post", "/999/acts", kind="hide", reason="x").status_code == 404


def test_a_locked_one_says_since_when(at_alice, bread):
    thread = factories.thread(on=bread)
    thread.locked_at = timezone.now()
    thread.save(update_fields=["locked_at"])

    assert send(at_alice, "get", f"/{bread.pk}").json()["locked_at"]
    assert send(at_alice, "patch", f"/{bread.pk}", title="x").status_code == 409
