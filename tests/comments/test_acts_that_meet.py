"""Acts, reports and appeals that meet: words changed meanwhile, deleted things, later acts, one's own case."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from comments import services
from comments.models import Act, Appeal, Comment, Discussion, Mute, Report
from tests import factories


def moderate(thing, kind, by, **more):
    return services.moderate_discussion(discussion_id=thing.pk, kind=kind, reason="Looked at", by=by, **more)


@pytest.fixture
def waits(bread):
    Discussion.objects.update(state="held", verdict="It has many links")
    bread.refresh_from_db()
    return bread


# --- Read, then changed -----------------------------------------------------------------------------------


def test_words_that_were_changed_after_they_were_read_are_not_let_pass(at_mona, waits, alice):
    page = at_mona.get("/moderation?queue=held").content.decode()
    services.edit_discussion(discussion_id=waits.pk, body="Something else.", by=alice)

    response = at_mona.post(
        f"/discussions/{waits.pk}/acts", {"kind": "keep", "reason": "Fine", "seen": waits.mark}, follow=True
    )

    assert f'name="seen" value="{waits.mark}"' in page
    assert "changed meanwhile" in response.content.decode()
    assert Discussion.objects.get().state == "held"


def test_of_many_those_that_were_changed_are_passed_over(at_mona, waits, rude, alice):
    ticks = {"discussions": [f"{waits.pk}.{waits.mark}"], "comments": [f"{rude.pk}.{rude.mark}"]}
    Comment.objects.update(state="held", verdict="It has a link")
    services.edit_discussion(discussion_id=waits.pk, body="Something else.", by=alice)

    response = at_mona.post("/moderation/acts", {**ticks, "kind": "keep", "reason": "Fine"}, follow=True)

    assert "1 done, and written down. 1 could not be." in response.content.decode()
    assert Discussion.objects.get().state == "held"
    assert Comment.objects.get().is_visible


def test_what_is_taken_away_may_have_changed(waits, mona):
    assert moderate(waits, "hide", mona, seen="0" * 16).state == "hidden"


# --- Deleted meanwhile ------------------------------------------------------------------------------------


def test_a_report_of_what_its_author_deleted_waits_for_nobody(at_mona, bread, rude, alice, bob):
    services.report_comment(comment_id=rude.pk, reason="rude", note="", by=alice)
    services.delete_comment(comment_id=rude.pk, by=bob)
    services.report_discussion(discussion_id=bread.pk, reason="spam", note="", by=bob)
    services.delete_discussion(discussion_id=bread.pk, by=alice)
    waiting = services.reported(limit=10), services.waiting_counts()["reported"]

    with time_machine.travel(timezone.now() + timedelta(days=2), tick=False):
        services.forget_deleted()

    assert waiting == ([], 0)
    assert "Reported · 0" in at_mona.get("/moderation").content.decode()
    assert not Report.objects.open().exists()


@pytest.mark.parametrize("act", [services.delete_discussion, services.undo_discussion_deletion])
def test_what_a_moderator_took_away_cannot_be_taken_back(bread, alice, mona, act):
    moderate(bread, "hide", mona)

    with pytest.raises(services.NotPossible, match="took it away"):
        act(discussion_id=bread.pk, by=alice)


# --- Appeals ----------------------------------------------------------------------------------------------


def appealed(act, by):
    return services.appeal(act_id=act.pk, text="Please.", by=by)


def granted(row, by):
    return services.decide_appeal(appeal_id=row.pk, granted=True, answer="Yes", by=by)


def test_an_appeal_takes_back_the_act_that_it_is_about_and_no_later_one(bread, alice, mona, milo):
    moderate(bread, "hide", mona)
    row = appealed(Act.objects.get(), alice)
    moderate(bread, "restore", milo)
    moderate(bread, "remove", milo)

    decided = granted(row, milo)

    assert decided.granted is True
    assert Discussion.objects.get().state == "removed"


def test_an_appeal_ends_the_mute_that_it_is_about_and_no_later_one(bread, alice, mona, milo):
    first = services.act_on_opener(discussion_id=bread.pk, kind="mute", reason="Rude", days=1, by=mona)
    row = appealed(first, alice)
    services.act_on_opener(discussion_id=bread.pk, kind="mute", reason="Worse", days=99, by=milo)

    granted(row, milo)

    assert Mute.objects.standing(timezone.now()).filter(user=alice).exists()


def test_nobody_decides_their_own_appeal(client, mona, milo):
    thing = factories.discussion(by=mona)
    moderate(thing, "hide", milo)
    row = appealed(Act.objects.get(), mona)
    client.force_login(mona)

    page = client.get("/moderation?queue=appeals").content.decode()

    assert "You appealed: another moderator decides." in page
    with pytest.raises(services.NotYours):
        granted(row, mona)
    assert Appeal.objects.open().count() == 1


@pytest.mark.parametrize("kind", ["restore", "keep"])
def test_nobody_lets_their_own_pass(mona, milo, kind):
    thing = factories.discussion(by=mona)
    state = {"restore": "hidden", "keep": "held"}[kind]
    Discussion.objects.update(state=state, verdict="x")

    with pytest.raises(services.NotPossible, match="your own"):
        moderate(thing, kind, mona)
    assert Discussion.objects.get().state == state


def test_the_end_of_a_mute_tells_nothing_of_where_it_began(client, bread, bob, mona, rude):
    services.act_on_author(comment_id=rude.pk, kind="mute", reason="Rude", days=7, by=mona)
    services.unmute(user_id=bob.pk, reason="Enough", by=mona)
    moderate(bread, "hide", mona)
    client.force_login(bob)

    assert bread.title not in client.get("/moderation/mine").content.decode()
