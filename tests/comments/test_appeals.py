"""Invariant 9: an act about what somebody wrote is looked at again once, by another moderator."""

from datetime import timedelta

import pytest
import time_machine
from django.db import IntegrityError
from django.utils import timezone

from comments import services
from comments.models import Act, Appeal, Comment
from emailqueue.models import Email
from tests import factories
from tests.races import race


@pytest.fixture
def hidden(rude, mona):
    services.moderate_comment(comment_id=rude.pk, kind="hide", reason="Rude", by=mona)
    return Act.objects.get()


@pytest.fixture
def appealed(hidden, bob):
    return services.appeal(act_id=hidden.pk, text="It was a joke.", by=bob)


def decide(row, by, granted=True):
    return services.decide_appeal(appeal_id=row.pk, granted=granted, answer="Looked again", by=by)


def test_an_appeal_is_sent_seen_granted_and_told(client, hidden, bob, milo, rude):
    client.force_login(bob)
    listed = client.get("/moderation/mine").content.decode()
    client.post(f"/moderation/acts/{hidden.pk}/appeal", {"text": "It was a joke."})
    client.force_login(milo)
    queue = client.get("/moderation?queue=appeals").content.decode()
    client.post(f"/moderation/appeals/{Appeal.objects.get().pk}/decision", {"granted": "yes", "answer": "It was."})
    client.force_login(bob)
    told = client.get("/moderation/mine").content.decode()

    assert f"/moderation/acts/{hidden.pk}/appeal" in listed
    assert "It was a joke." in queue
    assert "Appeals · 1" in queue
    assert "Appeal granted" in told
    assert "It was." in told
    assert Comment.objects.get().state == Comment.State.VISIBLE
    assert Email.objects.latest("pk").subject.startswith("Your appeal was granted")


def test_a_declined_appeal_changes_nothing_else(appealed, milo):
    decide(appealed, milo, granted=False)

    assert Comment.objects.get().state == Comment.State.HIDDEN
    assert Email.objects.latest("pk").subject.startswith("Your appeal was declined")


def test_a_granted_appeal_against_a_mute_lets_write_again(rude, bob, mona, milo, bread):
    act = services.act_on_author(comment_id=rude.pk, kind="mute", reason="Rude", days=7, by=mona)
    row = services.appeal(act_id=act.pk, text="It was a joke.", by=bob)

    decide(row, milo)

    assert services.post_comment(thing=bread, body="Thank you.", by=bob).is_visible


def test_who_acted_does_not_decide(appealed, mona):
    with pytest.raises(services.NotYours):
        decide(appealed, mona)

    assert Appeal.objects.open().count() == 1


def test_what_was_decided_stays(appealed, milo):
    decide(appealed, milo, granted=False)

    again = decide(appealed, milo, granted=True)

    assert again.granted is False
    assert Comment.objects.get().state == Comment.State.HIDDEN


def test_one_appeals_once(client, appealed, bob, hidden):
    client.force_login(bob)

    response = client.post(f"/moderation/acts/{hidden.pk}/appeal", {"text": "Really."})

    assert response.status_code == 422
    assert "once is all there is" in response.content.decode()
    assert Appeal.objects.get().text == "It was a joke."


def test_only_whom_it_was_about_appeals(at_alice, hidden, alice):
    assert at_alice.get(f"/moderation/acts/{hidden.pk}/appeal").status_code == 404
    with pytest.raises(services.NotYours):
        services.appeal(act_id=hidden.pk, text="Please.", by=alice)


def test_after_thirty_days_it_is_too_late(hidden, bob):
    with time_machine.travel(timezone.now() + timedelta(days=31), tick=False), pytest.raises(services.TooLate):
        services.appeal(act_id=hidden.pk, text="Please.", by=bob)


@pytest.mark.parametrize("text", ["", "x" * 1001, "\u202e", "a\x00"])
def test_an_appeal_that_cannot_be_read_is_refused(client, hidden, bob, text):
    client.force_login(bob)

    response = client.post(f"/moderation/acts/{hidden.pk}/appeal", {"text": text})

    assert response.status_code in {400, 422}
    assert not Appeal.objects.exists()


@pytest.mark.parametrize("fields", [{}, {"granted": "yes"}, {"granted": "perhaps", "answer": "x"}])
def test_a_decision_that_is_none_is_refused(client, appealed, milo, fields):
    client.force_login(milo)

    assert client.post(f"/moderation/appeals/{appealed.pk}/decision", fields).status_code == 400
    assert Appeal.objects.open().count() == 1


def test_nobody_else_decides(at_alice, appealed):
    path = f"/moderation/appeals/{appealed.pk}/decision"

    assert at_alice.post(path, {"granted": "yes", "answer": "x"}).status_code == 404


def test_a_comment_that_its_author_cannot_get_back_is_told_to_the_moderator(client, appealed, milo):
    Comment.objects.update(state="deleted", deleted_at=timezone.now())
    client.force_login(milo)

    page = client.post(
        f"/moderation/appeals/{appealed.pk}/decision", {"granted": "yes", "answer": "x"}, follow=True
    ).content.decode()

    assert "this cannot be done to it" in page
    assert Appeal.objects.open().count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_moderators_at_once_decide_once(appealed, milo):
    answers = race(*[lambda granted=granted: decide(appealed, milo, granted=granted) for granted in (True, False) * 3])

    assert len({each.granted for each in answers}) == 1
    assert Email.objects.filter(subject__startswith="Your appeal").count() == 1


@pytest.mark.django_db(transaction=True)
def test_appeals_at_once_are_one(hidden, bob):
    answers = race(*[lambda: services.appeal(act_id=hidden.pk, text="Please.", by=bob)] * 4)

    assert sum(isinstance(each, Appeal) for each in answers) == 1
    assert sum(isinstance(each, services.AlreadyAppealed) for each in answers) == 3


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("appeal_says_why", {"text": ""}),
        ("appeal_decision_is_whole", {"granted": True}),
        ("appeal_decision_is_whole", {"decided_at": timezone.now(), "granted": True}),
        ("appeal_decision_is_whole", {"decided_at": timezone.now(), "answer": "x"}),
        ("appeal_decision_is_whole", {"answer": "x"}),
    ],
)
def test_postgres_refuses_an_appeal_that_breaks_a_rule(hidden, bob, name, fields):
    with pytest.raises(IntegrityError, match=name):
        Appeal.objects.create(**({"act": hidden, "by": bob, "text": "x"} | fields))


def test_the_page_of_acts_costs_the_same_whatever_it_lists(client, mona, bob, bread, django_assert_num_queries):
    client.force_login(bob)

    def hide(count):
        for _ in range(count):
            row = factories.comment(on=bread, by=bob)
            services.moderate_comment(comment_id=row.pk, kind="hide", reason="Rude", by=mona)

    hide(1)
    client.get("/moderation/mine")
    with django_assert_num_queries(4):
        client.get("/moderation/mine")
    hide(9)
    with django_assert_num_queries(4):
        client.get("/moderation/mine")
