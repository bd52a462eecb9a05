"""Discussions before moderators: reported, hidden, and brought back with all that is said in them."""

from datetime import timedelta
from functools import partial
from threading import Thread

import pytest
from django.core import mail
from django.db import IntegrityError
from django.utils import timezone

from comments import services
from comments.models import Act, Appeal, Comment, Discussion, Report
from emailqueue.models import Email
from tests import factories
from tests.races import Gate, held, race, until_somebody_waits


def moderate(thing, kind, by, reason="Off the topic"):
    return services.moderate_discussion(discussion_id=thing.pk, kind=kind, reason=reason, by=by)


# --- Reported ---------------------------------------------------------------------------------------------


def test_a_report_goes_to_the_queue_and_an_act_settles_it(client, bread, bob, mona):
    client.force_login(bob)
    page = client.get(bread.get_absolute_url()).content.decode()
    sent = client.post(f"/discussions/{bread.pk}/report", {"reason": "spam", "note": "Again"}, follow=True)
    client.force_login(mona)
    queue = client.get("/moderation").content.decode()
    client.post(f"/discussions/{bread.pk}/acts", {"kind": "keep", "reason": "Fine"})

    assert f'href="/discussions/{bread.pk}/report"' in page
    assert "A moderator will look at it." in sent.content.decode()
    assert "Reported · 1" in queue
    assert bread.title in queue
    assert "Again" in queue
    assert not Report.objects.open().exists()
    assert Discussion.objects.get().is_visible


def test_one_reports_once_and_not_ones_own(client, bread, alice, bob):
    services.report_discussion(discussion_id=bread.pk, reason="spam", note="", by=bob)
    client.force_login(bob)

    again = client.post(f"/discussions/{bread.pk}/report", {"reason": "spam"})

    assert again.status_code == 422
    assert "reported this already" in again.content.decode()
    with pytest.raises(services.NotPossible):
        services.report_discussion(discussion_id=bread.pk, reason="spam", note="", by=alice)


@pytest.mark.parametrize("fields", [{}, {"reason": "x"}, {"reason": "spam", "note": "x" * 201}])
def test_a_report_that_is_none_is_refused(client, bread, bob, fields):
    client.force_login(bob)

    assert client.post(f"/discussions/{bread.pk}/report", fields).status_code == 422
    assert not Report.objects.exists()


def test_the_queue_costs_the_same_whatever_waits(at_mona, bob, django_assert_num_queries):
    def report(count):
        for _ in range(count):
            thing = factories.discussion(by=None)
            services.report_discussion(discussion_id=thing.pk, reason="spam", note="", by=bob)
            row = factories.comment(on=thing, by=None)
            services.report_comment(comment_id=row.pk, reason="spam", note="", by=bob)

    report(1)
    at_mona.get("/moderation")
    with django_assert_num_queries(13):
        at_mona.get("/moderation")
    report(5)
    with django_assert_num_queries(13):
        at_mona.get("/moderation")


# --- Hidden, and brought back -----------------------------------------------------------------------------


def test_what_is_hidden_goes_with_all_that_is_said_in_it_and_comes_back_whole(client, bread, bob, mona):
    said = services.post_comment(thing=bread, body="Salt.", by=bob)
    moderate(bread, "hide", mona)
    client.force_login(bob)
    gone = [client.get(address).status_code for address in (bread.get_absolute_url(), f"/comments/{said.pk}")]
    with pytest.raises(services.ParentGone):
        services.post_comment(thing=bread, body="Pepper.", by=bob)

    moderate(bread, "restore", mona)

    assert gone == [404, 404]
    assert "Salt." in client.get(bread.get_absolute_url()).content.decode()
    assert Comment.objects.get().is_visible
    assert [(act.kind, act.person.display_name) for act in Act.objects.order_by("pk")] == [
        ("hide", "Alice"),
        ("restore", "Alice"),
    ]


def test_its_author_hears_why_and_a_granted_appeal_brings_it_back(client, bread, alice, mona, milo):
    moderate(bread, "remove", mona, reason="Advertising")
    told = Email.objects.latest("pk")
    client.force_login(alice)
    mine = client.get("/moderation/mine").content.decode()
    act = Act.objects.get()
    form = client.get(f"/moderation/acts/{act.pk}/appeal").content.decode()
    services.appeal(act_id=act.pk, text="It is a course.", by=alice)
    client.force_login(milo)
    queue = client.get("/moderation?queue=appeals").content.decode()

    services.decide_appeal(appeal_id=Appeal.objects.get().pk, granted=True, answer="It is.", by=milo)

    assert told.subject.startswith("A moderator removed what you wrote")
    assert "“Bread on Mondays”" in told.text
    assert "Advertising" in told.text
    assert "“Bread on Mondays”" in mine
    assert "Bring flour." in form
    assert "Bring flour." in queue
    assert Discussion.objects.get().is_visible
    assert mail.outbox == []


def test_a_moderator_reads_what_is_hidden_and_restores_it_from_the_log(at_mona, bread, mona):
    moderate(bread, "hide", mona)

    page = at_mona.get(bread.get_absolute_url()).content.decode()
    log = at_mona.get("/moderation/log").content.decode()
    at_mona.post(f"/discussions/{bread.pk}/acts", {"kind": "restore", "reason": "Undone"})

    assert "hidden by a moderator: Off the topic" in page
    assert "Nothing can be added." in page
    assert f'action="/discussions/{bread.pk}/acts"' in log
    assert Discussion.objects.get().is_visible


def test_the_public_log_tells_that_it_was_hidden_and_not_what_it_said(settings, at_alice, bread, mona):
    settings.COMMENTS_PUBLIC_LOG = True
    moderate(bread, "hide", mona, reason="Advertising")

    page = at_alice.get("/discussions/moderation").content.decode()

    assert "A moderator hid · a discussion" in page
    assert "Advertising" in page
    assert bread.title not in page


def test_many_are_settled_together(at_mona, bread, rude, bob):
    services.report_discussion(discussion_id=bread.pk, reason="spam", note="", by=bob)

    response = at_mona.post(
        "/moderation/acts",
        {"comments": [rude.pk], "discussions": [bread.pk, 999], "kind": "hide", "reason": "Advertising"},
        follow=True,
    )

    assert "2 done, and written down. 1 could not be." in response.content.decode()
    assert Discussion.objects.get().state == Comment.objects.get().state == "hidden"


def test_nothing_ticked_is_refused(at_mona):
    assert at_mona.post("/moderation/acts", {"kind": "hide", "reason": "x"}).status_code == 400


def test_an_act_that_does_not_fit_is_told(at_mona, bread, mona):
    moderate(bread, "remove", mona)

    response = at_mona.post(f"/discussions/{bread.pk}/acts", {"kind": "hide", "reason": "x"}, follow=True)

    assert "this cannot be done to it" in response.content.decode()
    assert Act.objects.count() == 1


@pytest.mark.parametrize("what", ["acts", "author/acts"])
@pytest.mark.parametrize("fields", [{}, {"kind": "x", "reason": "x"}, {"kind": "hide"}])
def test_an_act_that_is_none_is_refused(at_mona, bread, what, fields):
    assert at_mona.post(f"/discussions/{bread.pk}/{what}", fields).status_code == 400


@pytest.mark.parametrize("what", ["acts", "author/acts"])
def test_only_moderators_act(at_alice, bread, what):
    answer = at_alice.post(f"/discussions/{bread.pk}/{what}", {"kind": "hide", "reason": "x"})

    assert answer.status_code == 404
    assert at_alice.get(f"/discussions/{bread.pk}/{what}").status_code == 405


def test_its_author_is_muted_from_the_queue(at_mona, bread, alice):
    fields = {"kind": "mute", "reason": "Rude", "days": 7}

    response = at_mona.post(f"/discussions/{bread.pk}/author/acts", fields, follow=True)

    assert "told to the author" in response.content.decode()
    with pytest.raises(services.Muted):
        services.open_discussion(title="Soup", body="Salt.", by=alice)


def test_of_whom_is_gone_nothing_is_done(at_mona):
    thing = factories.discussion(by=None)
    fields = {"kind": "warn", "reason": "Rude"}

    response = at_mona.post(f"/discussions/{thing.pk}/author/acts", fields, follow=True)

    assert "not here any more" in response.content.decode()


@pytest.mark.django_db(transaction=True)
def test_moderators_at_once_hide_it_once(bread, mona, milo):
    race(*[lambda by=by: moderate(bread, "hide", by) for by in (mona, milo) * 2])

    assert Act.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_report_never_comes_to_rest_on_what_is_settled_at_that_moment(bread, bob, mona):
    answers = []
    report = partial(services.report_discussion, discussion_id=bread.pk, reason="spam", note="", by=bob)
    other = Thread(target=lambda: answers.extend(race(report)))

    with held(Gate(), lambda: moderate(bread, "hide", mona), "UPDATE", "comments_report"):
        other.start()
        until_somebody_waits(lambda: not other.is_alive())
    other.join()

    assert isinstance(answers[0], services.ParentGone)
    assert not Report.objects.exists()


@pytest.mark.parametrize("about", ["both", "none"])
def test_postgres_refuses_a_report_about_both_or_nothing(bread, rude, bob, about):
    of = {"comment": rude, "discussion": bread} if about == "both" else {}

    with pytest.raises(IntegrityError, match="report_is_about_one_thing"):
        Report.objects.create(reporter=bob, reason="spam", **of)


def test_postgres_refuses_a_second_open_report(bread, bob):
    Report.objects.create(discussion=bread, reporter=bob, reason="spam")

    with pytest.raises(IntegrityError, match="report_of_discussion_once_per_person"):
        Report.objects.create(discussion=bread, reporter=bob, reason="rude")


def test_a_settled_report_leaves_room_for_another(bread, bob):
    Report.objects.create(discussion=bread, reporter=bob, reason="spam", settled_at=timezone.now() - timedelta(days=1))

    assert services.report_discussion(discussion_id=bread.pk, reason="rude", note="", by=bob).pk
