"""A limited person sees what they say in its place; nobody else does until a moderator let it pass."""

from datetime import timedelta

import pytest
import time_machine
from django.db import IntegrityError
from django.test import Client
from django.utils import timezone

from comments import services
from comments.models import Act, Comment, Limit, Thread
from emailqueue.models import Email
from tests import factories
from tests.comments.conftest import LONG_AGO
from tests.races import race

WORDS = "Nobody asked you."


@pytest.fixture
def limited(rude, bob, mona):
    services.act_on_author(comment_id=rude.pk, kind="limit", reason="Baits others", days=7, by=mona)
    return bob


@pytest.fixture
def at_limited(limited):
    client = Client()
    client.force_login(limited)
    return client


def say(client, thing, body=WORDS, **fields):
    return client.post(f"/comments/on/comments.discussion/{thing.pk}", {"body": body, **fields}, follow=True)


def test_who_is_limited_sees_their_words_stand_and_others_do_not(at_limited, at_alice, bread):
    answer = say(at_limited, bread).content.decode()

    page, others = (client.get(bread.get_absolute_url()).content.decode() for client in (at_limited, at_alice))
    assert "It stands in the thread." in answer
    assert "moderator" not in answer
    assert WORDS in page
    assert WORDS not in others
    assert Thread.objects.get().comment_count == 1


@pytest.mark.parametrize("query", ["?sort=new", "?sort=best", "?sort=old", "?view=flat", "?sort=top&view=flat"])
def test_they_see_it_in_every_order_once(at_limited, bread, query):
    say(at_limited, bread)

    assert at_limited.get(bread.get_absolute_url() + query).content.decode().count(WORDS) == 1


def test_their_reply_stands_below_what_it_answers_and_can_be_answered_by_them(at_limited, at_alice, bread, rude):
    say(at_limited, bread, parent=rude.pk)
    reply = Comment.objects.latest("pk")
    say(at_limited, bread, "And I say it again.", parent=reply.pk)

    page = at_limited.get(bread.get_absolute_url()).content.decode()

    again = Comment.objects.latest("pk")
    assert again.path == [rude.pk, reply.pk, again.pk]
    assert page.index(f'id="comment-{rude.pk}"') < page.index(WORDS) < page.index("And I say it again.")
    assert at_limited.get(reply.get_absolute_url()).status_code == 200
    assert at_alice.get(reply.get_absolute_url()).status_code == 404


def test_nobody_else_can_answer_vote_on_or_report_it(limited, bread, alice, at_alice):
    row = services.post_comment(thing=bread, body=WORDS, by=limited)

    statuses = [
        at_alice.post(f"/comments/{row.pk}/vote", {"vote": "down"}).status_code,
        at_alice.post(f"/comments/{row.pk}/report", {"reason": "rude"}).status_code,
        at_alice.get(f"/comments/{row.pk}/reply").status_code,
    ]

    assert statuses == [404, 404, 404]
    with pytest.raises(services.ParentGone):
        services.post_comment(thing=bread, body="You too.", by=alice, parent_id=row.pk)


def test_the_api_tells_them_the_same_and_others_nothing(at_limited, at_alice, bread):
    address = f"/api/v1/comments/comments.discussion/{bread.pk}"

    said = at_limited.post(address, {"body": WORDS}, content_type="application/json").json()

    mine, others = (client.get(address).json()["items"] for client in (at_limited, at_alice))
    assert (said["state"], said["body"]) == ("visible", WORDS)
    assert said in mine
    assert [each["id"] for each in others] == [each["id"] for each in mine if each != said]


def test_it_waits_among_what_is_held_and_stands_once_a_moderator_let_it_pass(limited, at_mona, bread, mona):
    row = services.post_comment(thing=bread, body=WORDS, by=limited)

    before = at_mona.get(bread.get_absolute_url()).content.decode()
    queue = at_mona.get("/moderation?queue=held").content.decode()
    services.moderate_comment(comment_id=row.pk, kind="keep", reason="Fine", by=mona)

    row.refresh_from_db()
    assert WORDS not in before
    assert "Its author is limited" in queue
    assert (row.state, row.is_shadowed) == ("visible", False)
    assert WORDS in at_mona.get(bread.get_absolute_url()).content.decode()


def test_nobody_is_told_of_what_is_limited(limited, bread, alice):
    services.post_comment(thing=bread, body=WORDS, by=limited)

    with time_machine.travel(timezone.now() + timedelta(days=2), tick=False):
        services.send_digests()

    assert not Email.objects.filter(text__contains=WORDS).exists()


def test_they_learn_of_it_by_no_mail_and_no_page(at_limited, limited, mona):
    services.unlimit(user_id=limited.pk, reason="Enough", by=mona)

    mine = at_limited.get("/moderation/mine").content.decode()

    assert not Email.objects.exists()
    assert "limit" not in mine
    assert [each.kind for each in Act.objects.order_by("pk")] == ["limit", "unlimit"]
    assert not Act.objects.public().exists()


def test_it_can_be_edited_and_stays_where_it_was(at_limited, at_alice, limited, bread):
    row = services.post_comment(thing=bread, body=WORDS, by=limited)

    answer = at_limited.post(f"/comments/{row.pk}/edit", {"body": "Never mind."}, follow=True).content.decode()

    assert "It says that now." in answer
    assert "Never mind." in answer
    assert "Never mind." not in at_alice.get(bread.get_absolute_url()).content.decode()


def test_an_edit_after_the_limit_does_not_let_it_out(limited, bread, mona):
    row = services.post_comment(thing=bread, body=WORDS, by=limited)
    services.unlimit(user_id=limited.pk, reason="Enough", by=mona)

    edited = services.edit_comment(comment_id=row.pk, body="Never mind.", by=limited)

    assert (edited.state, edited.is_shadowed) == ("held", True)


def test_what_they_said_before_is_looked_at_when_they_change_it(limited, rude):
    edited = services.edit_comment(comment_id=rude.pk, body="Worse.", by=limited)

    assert (edited.state, edited.is_shadowed) == ("held", True)
    assert Thread.objects.get().comment_count == 0


def test_deleted_and_brought_back_it_is_still_seen_by_them_alone(limited, bread, at_alice):
    row = services.post_comment(thing=bread, body=WORDS, by=limited)

    deleted = services.delete_comment(comment_id=row.pk, by=limited).state
    back = services.undo_deletion(comment_id=row.pk, by=limited)

    assert (deleted, back.state, back.stands_for(limited.pk)) == ("deleted", "held", True)
    assert WORDS not in at_alice.get(bread.get_absolute_url()).content.decode()


def test_what_is_held_for_another_reason_is_told_as_ever(at_limited, bread, bob):
    bob.joined_at = timezone.now()
    bob.save()
    Comment.objects.update(created_at=LONG_AGO)

    assert "A moderator looks at it first" in say(at_limited, bread, "See https://example.org").content.decode()


def test_a_limit_ends_by_itself_or_by_a_moderator(at_mona, limited, bread):
    with time_machine.travel(timezone.now() + timedelta(days=8), tick=False):
        late = services.post_comment(thing=bread, body="Hello.", by=limited)
    listed = at_mona.get("/moderation/curbs").content.decode()
    for _ in range(2):
        at_mona.post(f"/moderation/limits/{limited.pk}/end", {"reason": "Enough"})

    row = services.post_comment(thing=bread, body="Hello again.", by=limited)

    assert "Baits others" in listed
    assert (late.state, row.state) == ("visible", "visible")
    assert Act.objects.filter(kind="unlimit").count() == 1


def test_the_form_of_the_queue_limits(at_mona, rude, bob):
    path = f"/comments/{rude.pk}/author/acts"
    refused = at_mona.post(path, {"kind": "limit", "reason": "Baits others"}).status_code

    page = at_mona.post(path, {"kind": "limit", "reason": "Baits others", "days": "3"}, follow=True).content.decode()

    assert refused == 400
    assert Limit.objects.get().user == bob
    assert "told to the author" not in page


@pytest.mark.parametrize("state", ["visible", "hidden", "removed", "pending"])
def test_only_what_is_held_or_deleted_can_be_shadowed(bread, bob, state):
    row = factories.comment(on=bread, by=bob)

    with pytest.raises(IntegrityError, match="comment_shadowed_is_held"):
        Comment.objects.filter(pk=row.pk).update(state=state, verdict="x", is_shadowed=True)


@pytest.mark.django_db(transaction=True)
def test_two_moderators_who_end_it_at_once_do_it_once(limited, mona):
    answers = race(*[lambda: services.unlimit(user_id=limited.pk, reason="Enough", by=mona)] * 4)

    assert sorted(answers) == [False, False, False, True]
    assert Act.objects.filter(kind="unlimit").count() == 1
