"""Appeals over the JSON API: what was done to oneself, asking once, and the answer of another moderator."""

import pytest

from comments import services
from comments.models import Act, Appeal, Comment
from tests import factories

ROOT = "/api/v1/moderation"


@pytest.fixture
def hidden(rude, mona):
    services.moderate_comment(comment_id=rude.pk, kind="hide", reason="Rude", by=mona)
    return Act.objects.get()


@pytest.fixture
def appealed(hidden, bob):
    return services.appeal(act_id=hidden.pk, text="It was a joke.", by=bob)


def send(client, who, method, path, **body):
    client.force_login(who)
    return getattr(client, method)(f"{ROOT}/{path}", body, content_type="application/json")


def test_an_appeal_goes_its_whole_way(client, hidden, bob, milo, rude):
    asked = send(client, bob, "post", f"acts/{hidden.pk}/appeal", text="It was a joke.")
    waiting = send(client, milo, "get", "appeals").json()["items"]
    decided = send(client, milo, "put", f"appeals/{waiting[0]['id']}/decision", granted=True, answer="It was.")
    mine = send(client, bob, "get", "mine").json()["items"]

    assert (asked.status_code, asked.json()["granted"]) == (201, None)
    assert [(each["by"], each["kind"], each["acted_by"], each["comment"]) for each in waiting] == [
        ("Bob", "hide", "Mona", rude.pk)
    ]
    assert (decided.status_code, decided.json()["granted"], decided.json()["answer"]) == (200, True, "It was.")
    assert [(each["kind"], each["may_appeal"]) for each in mine] == [("restore", False), ("hide", False)]
    assert mine[1]["appeal"]["answer"] == "It was."
    assert Comment.objects.get().is_visible


def test_what_can_be_appealed_against_says_so(client, hidden, bob):
    told = send(client, bob, "get", "mine").json()["items"]

    assert [(each["id"], each["reason"], each["may_appeal"], each["appeal"]) for each in told] == [
        (hidden.pk, "Rude", True, None)
    ]


def test_an_appeal_is_made_once(client, appealed, bob, hidden):
    response = send(client, bob, "post", f"acts/{hidden.pk}/appeal", text="Really.")

    assert response.status_code == 409
    assert "once is all there is" in response.json()["detail"]


def test_only_whom_it_was_about_finds_the_act(client, hidden, alice):
    assert send(client, alice, "post", f"acts/{hidden.pk}/appeal", text="Please.").status_code == 404
    assert send(client, alice, "get", "mine").json()["items"] == []


def test_only_moderators_find_the_appeals(client, appealed, bob):
    assert send(client, bob, "get", "appeals").status_code == 404
    response = send(client, bob, "put", f"appeals/{appealed.pk}/decision", granted=True, answer="Yes.")
    assert response.status_code == 404
    assert Appeal.objects.open().count() == 1


def test_who_acted_does_not_decide(client, appealed, mona):
    response = send(client, mona, "put", f"appeals/{appealed.pk}/decision", granted=False, answer="No.")

    assert response.status_code == 403
    assert "Another moderator" in response.json()["detail"]


def test_a_limit_is_told_to_nobody(client, rude, bob, mona):
    services.act_on_author(comment_id=rude.pk, kind="limit", reason="Rude", days=7, by=mona)

    assert send(client, bob, "get", "mine").json()["items"] == []
    assert send(client, bob, "post", f"acts/{Act.objects.get().pk}/appeal", text="Why?").status_code == 404


@pytest.mark.parametrize(
    "body", [{}, {"text": ""}, {"text": "x" * 1001}, {"text": "\u202e"}, {"text": 1}, {"why": "x"}]
)
def test_an_appeal_that_says_nothing_is_refused(client, hidden, bob, body):
    assert send(client, bob, "post", f"acts/{hidden.pk}/appeal", **body).status_code == 422
    assert not Appeal.objects.exists()


@pytest.mark.parametrize(
    "body", [{"granted": True}, {"granted": "yes", "answer": "x"}, {"granted": True, "answer": ""}]
)
def test_a_decision_that_is_none_is_refused(client, appealed, milo, body):
    assert send(client, milo, "put", f"appeals/{appealed.pk}/decision", **body).status_code == 422
    assert Appeal.objects.open().count() == 1


def test_the_list_of_acts_costs_the_same_whatever_it_holds(client, mona, bob, bread, django_assert_num_queries):
    def hide(count):
        for _ in range(count):
            row = factories.comment(on=bread, by=bob)
            services.moderate_comment(comment_id=row.pk, kind="hide", reason="Rude", by=mona)

    hide(1)
    client.force_login(bob)
    client.get(f"{ROOT}/mine")
    with django_assert_num_queries(3):
        client.get(f"{ROOT}/mine")
    hide(9)
    with django_assert_num_queries(3):
        client.get(f"{ROOT}/mine")
