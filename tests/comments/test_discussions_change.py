"""What its author does to a discussion later: other words, taking it back, and bringing that back."""

from datetime import timedelta
from threading import Thread

import pytest
import time_machine
from django.db import IntegrityError
from django.utils import timezone

from comments import models, services
from comments.models import Comment, Discussion, Revision
from quotas import services as quotas
from quotas.models import Attachment, StoredFile
from tests import factories
from tests.races import Gate, held, race, until_somebody_waits

LATER = services.EDIT_FREELY + timedelta(minutes=1)


def path(thing, what):
    return f"/discussions/{thing.pk}/{what}"


def edit(thing, by, title="Bread on Tuesdays", body="Bring *rye*."):
    return services.edit_discussion(discussion_id=thing.pk, title=title, body=body, by=by)


def later(after=LATER):
    return time_machine.travel(timezone.now() + after, tick=False)


# --- Other words ------------------------------------------------------------------------------------------


def test_its_author_says_it_in_other_words_through_the_page(at_alice, bread):
    shown = at_alice.get(path(bread, "edit")).content.decode()

    response = at_alice.post(path(bread, "edit"), {"title": "Rye", "body": "Bring *rye*."}, follow=True)

    page = response.content.decode()
    assert "Bread on Mondays" in shown
    assert "<h1>Rye</h1>" in page
    assert "<em>rye</em>" in page
    assert "edited</a>" not in page
    assert not Revision.objects.exists()


def test_after_fifteen_minutes_what_it_said_before_can_be_read(at_alice, bread, alice):
    with later():
        edit(bread, alice)

    page = at_alice.get(bread.get_absolute_url()).content.decode()
    before = at_alice.get(path(bread, "history")).content.decode()

    assert f'href="{path(bread, "history")}">edited</a>' in page
    assert "<strong>Bread on Mondays</strong>" in before
    assert "Bring flour." in before


def test_the_same_words_again_change_nothing(bread, alice):
    with later():
        edit(bread, alice, bread.title, bread.body)

    bread.refresh_from_db()
    assert bread.edited_at is None
    assert not Revision.objects.exists()


@pytest.mark.parametrize("what", ["edit", "deletion"])
def test_nobody_else_changes_it(client, bread, bob, what):
    client.force_login(bob)

    assert client.post(path(bread, what), {"title": "x", "body": "x"}).status_code == 404
    with pytest.raises(services.NotYours):
        edit(bread, bob)


def test_in_a_locked_thread_nothing_is_changed(at_alice, bread, alice):
    factories.thread(on=bread)
    models.Thread.objects.update(locked_at=timezone.now())

    response = at_alice.post(path(bread, "edit"), {"title": "Rye", "body": "Rye."})

    assert response.status_code == 422
    assert "locked" in response.content.decode()
    with pytest.raises(services.ThreadLocked):
        services.delete_discussion(discussion_id=bread.pk, by=alice)


@pytest.mark.parametrize(
    "fields", [{}, {"title": "", "body": "x"}, {"title": "x" * 121, "body": "x"}, {"title": "x", "body": "\u202ex"}]
)
def test_words_that_cannot_be_taken_are_refused_and_kept(at_alice, bread, fields):
    response = at_alice.post(path(bread, "edit"), fields)

    assert response.status_code == 422
    assert response.context["form"]["title"].value() == fields.get("title")
    bread.refresh_from_db()
    assert bread.title == "Bread on Mondays"


def test_other_words_are_looked_at_as_if_they_were_new(settings, bread, alice):
    settings.COMMENTS_HELD_WORDS = ["casino"]
    settings.COMMENTS_BANNED_WORDS = ["swindle"]

    row = edit(bread, alice, title="Casino night")

    assert (row.state, row.verdict) == ("held", "It has a word that moderators look at")
    with pytest.raises(services.WordRefused):
        edit(bread, alice, title="A swindle")


def test_pages_that_are_not_there(at_alice, bread):
    missing = Discussion(pk=999)

    assert at_alice.get(path(missing, "edit")).status_code == 404
    assert at_alice.get(path(missing, "history")).status_code == 404
    assert at_alice.post(path(missing, "deletion")).status_code == 404
    assert at_alice.post(path(missing, "deletion/undo")).status_code == 404
    assert at_alice.get(path(bread, "deletion")).status_code == 405
    assert at_alice.post(path(bread, "history")).status_code == 405
    assert not models.Thread.objects.exists()


def test_the_service_says_that_there_is_none(alice):
    with pytest.raises(services.ParentGone):
        edit(Discussion(pk=999), alice)
    assert not models.Thread.objects.exists()


# --- Taking it back ---------------------------------------------------------------------------------------


def test_what_nobody_answered_is_taken_back_and_brought_back(at_alice, bread):
    deleted = at_alice.post(path(bread, "deletion")).content.decode()
    gone = at_alice.get(bread.get_absolute_url()).status_code
    listed = at_alice.get("/discussions").content.decode()

    back = at_alice.post(path(bread, "deletion/undo"), follow=True)

    assert "ten seconds" in deleted
    assert gone == 404
    assert bread.title not in listed
    assert back.redirect_chain == [(bread.get_absolute_url(), 302)]
    assert "It stands again." in back.content.decode()


def test_after_a_while_it_stays_deleted(at_alice, bread, alice):
    services.delete_discussion(discussion_id=bread.pk, by=alice)

    with later(timedelta(seconds=16)):
        response = at_alice.post(path(bread, "deletion/undo"), follow=True)

    assert "stays deleted" in response.content.decode()
    assert Discussion.objects.get().state == "deleted"


def test_what_was_held_waits_again_when_it_is_brought_back(bread, alice):
    Discussion.objects.update(state="held", verdict="It has many links")
    services.delete_discussion(discussion_id=bread.pk, by=alice)

    row = services.undo_discussion_deletion(discussion_id=bread.pk, by=alice)

    assert row.state == "held"


def test_where_something_was_said_it_cannot_be_deleted(at_alice, bread, bob):
    services.post_comment(thing=bread, body="Salt.", by=bob)

    page = at_alice.get(bread.get_absolute_url()).content.decode()
    response = at_alice.post(path(bread, "deletion"), follow=True)

    assert path(bread, "deletion") not in page
    assert "Something was said in it" in response.content.decode()
    assert Discussion.objects.get().is_visible


def test_what_its_limited_author_alone_sees_counts_as_said(bread, alice, mona):
    services.act_on_opener(discussion_id=bread.pk, kind="limit", reason="Baits", days=7, by=mona)
    services.post_comment(thing=bread, body="Only mine.", by=alice)

    with pytest.raises(services.NotPossible, match="Something was said in it"):
        services.delete_discussion(discussion_id=bread.pk, by=alice)


def test_deleting_twice_is_deleting_once(bread, alice):
    first = services.delete_discussion(discussion_id=bread.pk, by=alice)
    second = services.delete_discussion(discussion_id=bread.pk, by=alice)

    assert first.deleted_at == second.deleted_at


def test_of_what_was_deleted_a_day_ago_nothing_is_kept(bread, alice):
    with later():
        edit(bread, alice)
        plan = StoredFile.objects.create(owner=alice, name="plan.txt")
        quotas.attach_files(file_ids=[plan.pk], target=bread, by=alice)
        services.delete_discussion(discussion_id=bread.pk, by=alice)
    early = services.forget_deleted()

    with later(timedelta(hours=26)):
        forgotten = services.forget_deleted()

    row = Discussion.objects.get()
    assert (early, forgotten) == (0, 1)
    assert (row.title, row.body, row.body_html, str(row)) == ("", "", "", "A deleted discussion")
    assert not Revision.objects.exists()
    assert not Attachment.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_nothing_is_said_in_what_is_being_deleted(bread, alice, bob):
    factories.thread(on=bread)
    said = []
    other = Thread(target=lambda: said.extend(race(lambda: services.post_comment(thing=bread, body="Hi", by=bob))))

    with held(Gate(), lambda: services.delete_discussion(discussion_id=bread.pk, by=alice), "UPDATE", "comments_disc"):
        other.start()
        until_somebody_waits(lambda: not other.is_alive())
    other.join()

    assert isinstance(said[0], services.ParentGone)
    assert not Comment.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_that_change_one_part_each_keep_both(bread, alice):
    def change_title():
        return services.edit_discussion(discussion_id=bread.pk, title="Rye", by=alice).title

    # Held after it read the body that it leaves as it is.
    with held(Gate(), change_title, "SELECT", "comments_discussion") as outcome:
        services.edit_discussion(discussion_id=bread.pk, body="Bring rye.", by=alice)

    bread.refresh_from_db()
    assert outcome == ["Rye"]
    assert (bread.title, bread.body) == ("Rye", "Bring rye.")


@pytest.mark.django_db(transaction=True)
def test_somebody_new_who_opens_two_at_once_opens_one():
    nina = factories.user(name="nina")
    answers = []

    def open_one(body):
        return lambda: services.open_discussion(title="Soup", body=body, by=nina)

    other = Thread(target=lambda: answers.extend(race(open_one("Pepper."))))
    with held(Gate(), open_one("Salt."), "INSERT", "comments_discussion"):
        other.start()
        until_somebody_waits(lambda: not other.is_alive())
    other.join()

    assert isinstance(answers[0], services.TooSoon)
    assert Discussion.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_what_is_answered_at_the_same_moment_stays_or_takes_no_answer(bread, alice, bob):
    factories.thread(on=bread)

    deleted, said = race(
        lambda: services.delete_discussion(discussion_id=bread.pk, by=alice),
        lambda: services.post_comment(thing=bread, body="Salt.", by=bob),
    )

    outcomes = (isinstance(deleted, services.NotPossible), isinstance(said, services.ParentGone))
    assert outcomes in {(True, False), (False, True)}


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("discussion_deleted_has_its_moment", {"state": "deleted"}),
        ("discussion_deleted_has_its_moment", {"deleted_at": timezone.now()}),
        ("discussion_moderated_says_why", {"state": "hidden"}),
        ("discussion_visible_was_published", {"published_at": None}),
        ("discussion_shadowed_is_held", {"is_shadowed": True}),
        ("discussion_has_a_title", {"title": ""}),
        ("discussion_has_a_body", {"body": ""}),
    ],
)
def test_postgres_refuses_a_discussion_that_breaks_a_rule(bread, name, fields):
    with pytest.raises(IntegrityError, match=name):
        Discussion.objects.filter(pk=bread.pk).update(**fields)


@pytest.mark.parametrize("about", ["both", "none"])
def test_postgres_refuses_a_revision_of_both_or_of_nothing(bread, alice, about):
    row = factories.comment(on=bread, by=alice)
    of = {"comment": row, "discussion": bread} if about == "both" else {}

    with pytest.raises(IntegrityError, match="revision_is_of_one_thing"):
        Revision.objects.create(body="x", body_html="x", **of)
