"""Warnings and mutes: what moderators say to who wrote something, and that it is told."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from comments import services
from comments.models import Act, Comment, Mute
from emailqueue.models import Email
from tests import factories
from tests.races import race


def act(row, kind, by, **more):
    return services.act_on_author(comment_id=row.pk, kind=kind, reason="Be kind", by=by, **more)


@pytest.fixture
def muted(rude, bob, mona):
    act(rude, "mute", mona, days=7)
    return bob


def test_a_warning_is_written_down_mailed_and_read_by_its_person(client, rude, bob, mona):
    act(rude, "warn", mona)
    client.force_login(bob)

    page = client.get("/moderation/mine").content.decode()

    assert "A moderator warned the author" in page
    assert "Be kind" in page
    assert Email.objects.get().recipients.get().address == bob.email
    assert "Be kind" in Email.objects.get().text


def test_who_is_muted_can_say_nothing_and_is_told_why_and_until_when(client, muted, bread):
    client.force_login(muted)

    response = client.post(f"/comments/on/comments.discussion/{bread.pk}", {"body": "But I can!"})

    page = response.content.decode()
    assert response.status_code == 422
    assert "Why: Be kind" in page
    assert "But I can!" in page
    assert Comment.objects.count() == 1


def test_who_is_muted_neither_edits_nor_opens_a_discussion(muted, rude):
    with pytest.raises(services.Muted):
        services.edit_comment(comment_id=rude.pk, body="Sorry.", by=muted)
    with pytest.raises(services.Muted):
        services.open_discussion(title="But", body="I can!", by=muted)


def test_by_the_api_who_is_muted_is_forbidden(client, muted, bread):
    client.force_login(muted)

    response = client.post(
        f"/api/v1/comments/comments.discussion/{bread.pk}", {"body": "But"}, content_type="application/json"
    )

    assert response.status_code == 403
    assert "Be kind" in response.json()["detail"]


def test_a_mute_ends_by_itself(muted, bread):
    with time_machine.travel(timezone.now() + timedelta(days=8), tick=False):
        row = services.post_comment(thing=bread, body="Hello again.", by=muted)

    assert row.state == Comment.State.VISIBLE


def test_a_later_mute_takes_the_place_of_an_earlier_one(muted, rude, mona):
    act(rude, "mute", mona, days=1)

    assert Mute.objects.get().until_at < timezone.now() + timedelta(days=2)


def test_a_moderator_lets_somebody_write_again_once(at_mona, muted, bread):
    listed = at_mona.get("/moderation/curbs").content.decode()
    for _ in range(2):
        at_mona.post(f"/moderation/mutes/{muted.pk}/end", {"reason": "Enough"})

    assert "Be kind" in listed
    assert services.post_comment(thing=bread, body="Thank you.", by=muted).is_visible
    assert [each.kind for each in Act.objects.order_by("pk")] == ["mute", "unmute"]


def test_the_forms_of_the_queue_warn_and_mute(at_mona, rude, bob):
    path = f"/comments/{rude.pk}/author/acts"
    at_mona.post(path, {"kind": "warn", "reason": "Be kind"})

    at_mona.post(path, {"kind": "mute", "reason": "Be kind", "days": "3"})

    assert [each.person for each in Act.objects.all()] == [bob, bob]
    assert Mute.objects.get().user == bob


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "mute", "reason": "x"},
        {"kind": "mute", "reason": "x", "days": "0"},
        {"kind": "mute", "reason": "x", "days": "9" * 30},
        {"kind": "warn"},
        {"kind": "ban", "reason": "x"},
    ],
)
def test_an_act_that_is_none_is_refused(at_mona, rude, fields):
    assert at_mona.post(f"/comments/{rude.pk}/author/acts", fields).status_code == 400
    assert not Act.objects.exists()


def test_nobody_warns_themselves_or_who_left(mona, bread):
    own, left = factories.comment(on=bread, by=mona), factories.comment(on=bread, by=None)

    with pytest.raises(services.NotPossible):
        act(own, "warn", mona)
    with pytest.raises(services.ParentGone):
        act(left, "warn", mona)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("post", "/comments/{pk}/author/acts"),
        ("get", "/moderation/curbs"),
        ("post", "/moderation/mutes/{user}/end"),
        ("post", "/moderation/limits/{user}/end"),
    ],
)
def test_nobody_else_does_it(at_alice, rude, muted, method, path):
    fields = {"kind": "warn", "reason": "x"}

    response = getattr(at_alice, method)(path.format(pk=rude.pk, user=muted.pk), fields)

    assert response.status_code == 404
    assert Act.objects.count() == 1


def test_what_is_hidden_is_told_to_its_author(rude, bob, mona):
    services.moderate_comment(comment_id=rude.pk, kind="hide", reason="Rude", by=mona)

    assert Email.objects.get().recipients.get().address == bob.email
    assert "Rude" in Email.objects.get().text


def test_many_are_moderated_at_once_and_what_cannot_be_is_passed_over(at_mona, bread, bob, rude):
    other = factories.comment(on=bread, by=bob, body="Nor cook.")
    gone = factories.comment(on=bread, by=bob, state="deleted")
    ticked = {"comments": [rude.pk, other.pk, gone.pk, 999], "kind": "hide", "reason": "Rude"}

    page = at_mona.post("/moderation/acts", ticked, follow=True).content.decode()

    assert "2 done, and written down. 2 could not be." in page
    assert sorted(Comment.objects.values_list("state", flat=True)) == ["deleted", "hidden", "hidden"]


@pytest.mark.parametrize("ticked", [[], ["x"], ["-1"], ["9" * 30], ["\u0661"]])
def test_nothing_that_can_be_is_ticked(at_mona, rude, ticked):
    fields = {"comments": ticked, "kind": "hide", "reason": "Rude"}

    assert at_mona.post("/moderation/acts", fields).status_code == 400


def test_nobody_else_moderates_many(at_alice, rude):
    fields = {"comments": [rude.pk], "kind": "hide", "reason": "Rude"}

    assert at_alice.post("/moderation/acts", fields).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_two_moderators_who_let_write_at_once_do_it_once(muted, mona):
    answers = race(*[lambda: services.unmute(user_id=muted.pk, reason="Enough", by=mona)] * 4)

    assert sorted(answers) == [False, False, False, True]
    assert Act.objects.filter(kind="unmute").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_mutes_at_once_are_two_acts_and_one_mute(rude, mona):
    answers = race(*[lambda: act(rude, "mute", mona, days=2)] * 4)

    assert [type(each) for each in answers] == [Act] * 4
    assert Mute.objects.count() == 1
