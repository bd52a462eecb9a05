"""Invariant 7: what is reported, what moderators do, who may, and what everybody else reads of it."""

import pytest
from django.db import IntegrityError
from django.utils import timezone

from comments import services
from comments.models import Act, Comment, Report, Thread
from tests import factories
from tests.races import race

HTMX = {"HX-Request": "true"}


def moderate(row, kind, by, reason="Rude"):
    return services.moderate_comment(comment_id=row.pk, kind=kind, reason=reason, by=by)


def test_a_report_waits_in_the_queue_with_its_reason(at_mona, alice, rude):
    services.report_comment(comment_id=rude.pk, reason="rude", note="Not kind.", by=alice)

    page = at_mona.get("/moderation").content.decode()

    assert "You cannot bake." in page
    assert "It is rude" in page
    assert "Not kind." in page


def test_reporting_by_the_form_is_told_and_kept_once(at_alice, rude):
    path = f"/comments/{rude.pk}/report"

    statuses = [at_alice.post(path, {"reason": "rude", "note": ""}).status_code for _ in range(2)]

    assert statuses == [302, 422]
    assert Report.objects.count() == 1


@pytest.mark.parametrize(
    "fields",
    [{"reason": ""}, {"reason": "x"}, {"reason": "rude", "note": "x" * 201}, {"reason": "rude", "note": "\u202e"}],
)
def test_a_report_that_cannot_be_taken_is_refused_by_field(at_alice, rude, fields):
    response = at_alice.post(f"/comments/{rude.pk}/report", fields)

    assert response.status_code == 422
    assert len(response.context["form"].errors) == 1
    assert not Report.objects.exists()


def test_nobody_reports_their_own(bob, rude):
    with pytest.raises(services.NotPossible):
        services.report_comment(comment_id=rude.pk, reason="rude", note="", by=bob)


def test_what_is_hidden_stands_as_a_tombstone_with_the_reason_and_its_replies(at_mona, alice, mona, bread, rude):
    factories.comment(under=rude, by=alice, body="I can.")

    moderate(rude, "hide", mona)

    page = at_mona.get(bread.get_absolute_url()).content.decode()
    assert "You cannot bake." not in page
    assert "Hidden by a moderator: Rude" in page
    assert "I can." in page
    assert Thread.objects.get().comment_count == 1


@pytest.mark.parametrize("kind", ["hide", "remove"])
def test_what_was_done_can_be_undone_and_is_written_down(mona, rude, kind):
    moderate(rude, kind, mona)
    restored = moderate(rude, "restore", mona, reason="My mistake")

    acts = [(act.kind, act.reason, act.by) for act in Act.objects.order_by("pk")]
    assert acts == [(kind, "Rude", mona), ("restore", "My mistake", mona)]
    assert (restored.state, restored.verdict) == ("visible", "")


@pytest.mark.parametrize("kind", ["hide", "remove", "keep"])
def test_an_act_settles_the_reports_once(alice, mona, rude, kind):
    services.report_comment(comment_id=rude.pk, reason="rude", note="", by=alice)

    for _ in range(2):
        moderate(rude, kind, mona)

    assert not Report.objects.open().exists()
    assert Act.objects.count() == 1


def test_what_was_held_is_published_by_keeping_it(at_mona, mona, bread, bob):
    row = factories.comment(on=bread, by=bob, state="held", verdict="It has links", body="Buy ovens.")
    waiting = at_mona.get("/moderation?queue=held").content.decode()
    before = at_mona.get(bread.get_absolute_url()).content.decode()

    moderate(row, "keep", mona, reason="Fine")

    assert "Buy ovens." in waiting
    assert "Buy ovens." not in before
    assert "Buy ovens." in at_mona.get(bread.get_absolute_url()).content.decode()


def test_an_author_cannot_undo_what_a_moderator_did(bob, mona, rude):
    moderate(rude, "remove", mona)

    services.undo_deletion(comment_id=rude.pk, by=bob)
    with pytest.raises(services.ParentGone):
        services.edit_comment(comment_id=rude.pk, body="Sorry.", by=bob)

    assert Comment.objects.get().state == Comment.State.REMOVED


def test_what_is_visible_cannot_be_restored_from_what_its_author_deleted(bob, mona, rude):
    services.delete_comment(comment_id=rude.pk, by=bob)

    with pytest.raises(services.NotPossible):
        moderate(rude, "restore", mona)


def test_with_htmx_an_act_takes_the_place_of_the_item(at_mona, rude):
    response = at_mona.post(f"/comments/{rude.pk}/acts", {"kind": "hide", "reason": "Rude"}, headers=HTMX)

    assert f'id="waiting-{rude.pk}"' in response.content.decode()
    assert Comment.objects.get().state == Comment.State.HIDDEN


def test_a_locked_thread_says_so_and_can_be_unlocked(at_mona, bread, rude):
    path = f"/threads/{rude.thread_id}/acts"
    at_mona.post(path, {"kind": "lock", "reason": "Heated"})
    locked = at_mona.get(bread.get_absolute_url()).content.decode()

    at_mona.post(path, {"kind": "unlock", "reason": "Cooler"})

    assert "This thread is locked" in locked
    assert "<textarea" not in locked
    assert "<textarea" in at_mona.get(bread.get_absolute_url()).content.decode()
    assert [act.kind for act in Act.objects.order_by("pk")] == ["lock", "unlock"]


def test_what_was_done_can_be_read(at_mona, mona, rude):
    moderate(rude, "remove", mona, reason="Off the topic")

    page = at_mona.get("/moderation/log").content.decode()

    assert "Off the topic" in page
    assert "Restore" in page


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", "/moderation"),
        ("get", "/moderation/log"),
        ("post", "/comments/{pk}/acts"),
        ("post", "/threads/{thread}/acts"),
    ],
)
def test_nobody_else_learns_of_the_queue(at_alice, rude, method, path):
    fields = {"kind": "hide", "reason": "Rude"}

    response = getattr(at_alice, method)(path.format(pk=rude.pk, thread=rude.thread_id), fields)

    assert response.status_code == 404
    assert Comment.objects.get().state == Comment.State.VISIBLE


@pytest.mark.parametrize(
    "fields", [{"kind": "hide"}, {"kind": "x", "reason": "Rude"}, {"kind": "hide", "reason": "x" * 201}]
)
def test_an_act_that_is_none_is_refused(at_mona, rude, fields):
    assert at_mona.post(f"/comments/{rude.pk}/acts", fields).status_code == 400


def test_the_queue_costs_the_same_whatever_waits(at_mona, alice, bread, bob, django_assert_num_queries):
    def report(count):
        for _ in range(count):
            row = factories.comment(on=bread, by=bob)
            services.report_comment(comment_id=row.pk, reason="rude", note="", by=alice)

    report(1)
    at_mona.get("/moderation")
    with django_assert_num_queries(12):
        at_mona.get("/moderation")
    report(9)
    with django_assert_num_queries(12):
        at_mona.get("/moderation")


@pytest.mark.django_db(transaction=True)
def test_two_moderators_at_once_act_once(mona, alice, rude):
    answers = race(*[lambda: moderate(rude, "hide", mona)] * 4)

    assert [row.state for row in answers] == ["hidden"] * 4
    assert Act.objects.count() == 1
    assert Thread.objects.get().comment_count == 0


def test_postgres_refuses_a_second_open_report(alice, rude):
    Report.objects.create(comment=rude, reporter=alice, reason="rude")

    with pytest.raises(IntegrityError, match="report_once_per_person"):
        Report.objects.create(comment=rude, reporter=alice, reason="spam")


def test_postgres_refuses_an_act_without_a_reason(mona, rude):
    with pytest.raises(IntegrityError, match="act_says_why"):
        Act.objects.create(thread=rude.thread, comment=rude, kind="hide", reason="", by=mona)


def test_postgres_refuses_to_hide_without_a_verdict(rude):
    with pytest.raises(IntegrityError, match="comment_moderated_says_why"):
        Comment.objects.update(state="hidden")


def test_a_settled_report_can_be_made_again(alice, mona, rude):
    services.report_comment(comment_id=rude.pk, reason="rude", note="", by=alice)
    moderate(rude, "keep", mona)

    services.report_comment(comment_id=rude.pk, reason="spam", note="", by=alice)

    assert Report.objects.filter(settled_at__lte=timezone.now()).count() == 1
    assert Report.objects.open().count() == 1
