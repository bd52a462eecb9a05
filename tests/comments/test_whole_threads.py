"""What moderators set for a whole thread: looking before others see, and what is pinned on the noticeboard."""

from datetime import timedelta

import pytest
from django.utils import timezone

from comments import services
from comments.models import Act, Comment, Discussion
from tests import factories
from tests.races import race


@pytest.fixture
def careful(bread, mona):
    """A discussion in which moderators look first."""
    thread = factories.thread(on=bread)
    services.act_on_thread(thread_id=thread.pk, kind="before", reason="Heated", by=mona)
    return bread


def pin(discussion, by, kind="pin"):
    return services.set_pin(discussion_id=discussion.pk, kind=kind, reason="Important", by=by)


def test_in_a_careful_thread_others_see_nothing_until_a_moderator_let_it_pass(at_alice, careful, bob, mona):
    row = services.post_comment(thing=careful, body="Salt.", by=bob)
    before = at_alice.get(careful.get_absolute_url()).content.decode()
    services.moderate_comment(comment_id=row.pk, kind="keep", reason="Fine", by=mona)

    after = at_alice.get(careful.get_absolute_url()).content.decode()

    assert row.state == Comment.State.PENDING
    assert "A moderator looks at each comment here" in before
    assert "Salt." not in before
    assert "Salt." in after


def test_what_is_pending_has_a_queue_of_its_own(at_mona, careful, bob):
    services.post_comment(thing=careful, body="Salt.", by=bob)

    pending, held = (at_mona.get(f"/moderation?queue={name}").content.decode() for name in ("pending", "held"))

    assert "Salt." in pending
    assert "Pending · 1" in pending
    assert "Salt." not in held


def test_who_moderates_is_not_looked_at_first(careful, mona):
    assert services.post_comment(thing=careful, body="Salt.", by=mona).state == Comment.State.VISIBLE


def test_what_was_let_pass_is_looked_at_again_when_it_says_something_else(careful, bob, mona):
    row = services.post_comment(thing=careful, body="Salt.", by=bob)
    services.moderate_comment(comment_id=row.pk, kind="keep", reason="Fine", by=mona)

    edited = services.edit_comment(comment_id=row.pk, body="Pepper.", by=bob)

    assert edited.state == Comment.State.PENDING
    assert Comment.objects.get().published_at is not None


def test_a_link_that_comes_by_an_edit_is_held_as_in_a_new_comment(client, bread):
    nina = factories.user(name="nina")
    client.force_login(nina)
    row = services.post_comment(thing=bread, body="Salt.", by=nina)

    page = client.post(f"/comments/{row.pk}/edit", {"body": "See https://example.org"}, follow=True).content.decode()

    assert "A moderator looks at it first" in page
    assert Comment.objects.get().state == Comment.State.HELD


def test_a_kind_of_thing_can_be_careful_by_itself(bread, bob, monkeypatch):
    monkeypatch.setattr(Discussion, "comments_premoderated", True, raising=False)

    assert services.post_comment(thing=bread, body="Salt.", by=bob).state == Comment.State.PENDING


@pytest.mark.parametrize(("there", "back"), [("before", "after"), ("lock", "unlock")])
def test_setting_it_twice_is_setting_it_once_and_it_can_be_taken_back(bread, mona, there, back):
    thread = factories.thread(on=bread)

    done = [
        services.act_on_thread(thread_id=thread.pk, kind=kind, reason="So", by=mona)
        for kind in (there, there, back, back)
    ]

    assert done == [True, False, True, False]
    assert [act.kind for act in Act.objects.order_by("pk")] == [there, back]


def test_the_form_sets_it_and_the_log_takes_it_back(at_mona, bread):
    thread = factories.thread(on=bread)
    at_mona.post(f"/threads/{thread.pk}/acts", {"kind": "before", "reason": "Heated"})

    log = at_mona.get("/moderation/log").content.decode()

    assert "Look after" in log
    thread.refresh_from_db()
    assert thread.premoderated_at is not None


def test_what_is_pinned_stands_first_and_then_where_its_age_puts_it(at_mona, mona, bread, alice):
    factories.discussion(by=alice, title="Newer")
    Discussion.objects.filter(pk=bread.pk).update(created_at=timezone.now() - timedelta(days=9))

    def titles():
        return [each.title for each in at_mona.get("/discussions").context["discussions"]]

    pin(bread, mona)
    pinned = titles()
    pin(bread, mona, "unpin")

    assert pinned == [bread.title, "Newer"]
    assert titles() == ["Newer", bread.title]


def test_pages_of_the_noticeboard_show_each_once_with_pins(at_mona, mona, alice):
    rows = [factories.discussion(by=alice, title=f"No. {number}") for number in range(65)]
    for row in rows[::20]:
        pin(row, mona)
    seen, query = [], ""
    while True:
        context = at_mona.get(f"/discussions?{query}").context
        seen += [each.pk for each in context["discussions"]]
        if not (query := context["older"]):
            break

    assert len(seen) == len(set(seen)) == 65
    assert set(seen[:4]) == {row.pk for row in rows[::20]}


def test_the_form_pins(at_mona, bread):
    response = at_mona.post(f"/discussions/{bread.pk}/pin", {"kind": "pin", "reason": "Important"}, follow=True)

    assert "Pinned" in response.content.decode()
    assert Act.objects.get().kind == "pin"


@pytest.mark.parametrize(
    "fields", [{}, {"kind": "pin"}, {"kind": "lock", "reason": "x"}, {"kind": "pin", "reason": "\u202e"}]
)
def test_a_pin_that_is_none_is_refused(at_mona, bread, fields):
    assert at_mona.post(f"/discussions/{bread.pk}/pin", fields).status_code == 400
    assert not Act.objects.exists()


def test_nobody_else_pins(at_alice, bread):
    assert at_alice.post(f"/discussions/{bread.pk}/pin", {"kind": "pin", "reason": "x"}).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_pinned_by_two_at_once_it_is_written_down_once(mona, bread):
    answers = race(*[lambda: pin(bread, mona)] * 4)

    assert sorted(answers) == [False, False, False, True]
    assert Act.objects.count() == 1
