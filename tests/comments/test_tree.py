"""Invariants 1, 2 and 4: the path, the limit of depth, the counts, and what Postgres refuses whoever writes."""

import itertools
import random
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from comments import holds, services
from comments.models import DEPTH_MAX, Comment, Revision, Thread
from tests import factories
from tests.races import Gate, held, race

NUMBERS = itertools.count()


def post(thing, by, parent=None, body=""):
    """Say something new: what was said before would be held."""
    body = body or f"Salt, {next(NUMBERS)} grams."
    return services.post_comment(thing=thing, body=body, by=by, parent_id=parent.pk if parent else None)


def counted(thread):
    """Return what the counts must be, from the rows alone."""
    rows = list(Comment.objects.filter(thread=thread))
    visible = [row for row in rows if row.is_visible]
    return len(visible), {
        row.pk: (
            sum(each.parent_id == row.pk for each in visible),
            sum(row.pk in each.path[:-1] for each in visible),
        )
        for row in rows
    }


def kept(thread):
    rows = Comment.objects.filter(thread=thread)
    return Thread.objects.get(pk=thread.pk).comment_count, {row.pk: (row.reply_count, row.branch_count) for row in rows}


def test_a_chain_of_replies_grows_to_the_limit_and_then_beside_it(bread, alice, bob):
    chain = [post(bread, alice)]
    for _ in range(2 * DEPTH_MAX):
        chain.append(post(bread, bob, chain[-1]))

    rows = {row.pk: row for row in Comment.objects.all()}
    depths = [rows[each.pk].depth for each in chain]
    assert depths == [min(place, DEPTH_MAX) for place in range(1, len(chain) + 1)]
    for row in rows.values():
        assert row.path[-1] == row.pk
        assert row.parent_id == (row.path[-2] if row.depth > 1 else None)
        assert row.path[:-1] == (rows[row.parent_id].path if row.parent_id else [])


@pytest.mark.parametrize("seed", range(3))
def test_counts_are_the_visible_rows_after_any_acts(bread, alice, bob, seed, monkeypatch):
    # All of it within a moment: nobody is made to wait.
    monkeypatch.setattr(holds, "DEEP", DEPTH_MAX)
    dice, rows = random.Random(seed), [post(bread, alice)]
    for _ in range(60):
        row = dice.choice(rows)
        act = dice.random()
        if act < 0.6:
            rows.append(post(bread, dice.choice([alice, bob]), Comment.objects.visible().order_by("?").first()))
        elif act < 0.85:
            services.delete_comment(comment_id=row.pk, by=row.author)
        else:
            services.undo_deletion(comment_id=row.pk, by=row.author)
        if not Comment.objects.visible().exists():
            rows.append(post(bread, alice))

    thread = Thread.objects.get()
    assert kept(thread) == counted(thread)


def test_an_import_of_many_rows_in_one_statement_is_counted(bread, alice):
    root = factories.comment(on=bread, by=alice)
    keys = factories.next_keys(20)
    rows = [
        Comment(
            pk=key,
            thread=root.thread,
            parent_id=root.pk,
            path=[root.pk, key],
            body="x",
            body_html="x",
            renderer_version=1,
            published_at=timezone.now(),
            state="visible" if place % 3 else "deleted",
        )
        for place, key in enumerate(keys)
    ]

    Comment.objects.bulk_create(rows)

    assert kept(root.thread) == counted(root.thread)
    assert Thread.objects.get().comment_count == 14


def test_a_deleted_comment_leaves_a_tombstone_only_while_a_reply_needs_it(bread, alice, bob):
    root = post(bread, alice)
    reply = post(bread, bob, root)
    services.delete_comment(comment_id=root.pk, by=alice)
    needed = Comment.objects.visible_to(alice).filter(pk=root.pk).exists()

    services.delete_comment(comment_id=reply.pk, by=bob)

    assert needed
    assert not Comment.objects.visible_to(alice).exists()


def test_what_a_person_deleted_is_forgotten_after_a_day(bread, alice):
    with time_machine.travel(timezone.now() - timedelta(days=3), tick=False) as clock:
        row = post(bread, alice, body="my secret")
        clock.shift(timedelta(hours=1))
        services.edit_comment(comment_id=row.pk, body="my other secret", by=alice)
        services.delete_comment(comment_id=row.pk, by=alice)

    forgotten = services.forget_deleted()

    row = Comment.objects.get()
    assert (forgotten, row.body, row.body_html, Revision.objects.count()) == (1, "", "", 0)


def test_an_undo_comes_too_late_after_ten_seconds(bread, alice):
    row = post(bread, alice)
    services.delete_comment(comment_id=row.pk, by=alice)

    with time_machine.travel(timezone.now() + timedelta(seconds=16)), pytest.raises(services.TooLate):
        services.undo_deletion(comment_id=row.pk, by=alice)

    assert Comment.objects.get().state == Comment.State.DELETED


def test_an_early_edit_leaves_no_trace_and_a_late_one_does(bread, alice):
    row = post(bread, alice, body="One.")
    early = services.edit_comment(comment_id=row.pk, body="Two.", by=alice)

    with time_machine.travel(timezone.now() + services.EDIT_FREELY + timedelta(minutes=1)):
        late = services.edit_comment(comment_id=row.pk, body="Three.", by=alice)

    assert early.edited_at is None
    assert late.edited_at is not None
    assert [each.body for each in Revision.objects.all()] == ["Two."]


@pytest.mark.parametrize("act", [services.delete_comment, services.undo_deletion])
def test_only_who_wrote_it_can_take_it_back(bread, alice, bob, act):
    row = post(bread, alice)

    with pytest.raises(services.NotYours):
        act(comment_id=row.pk, by=bob)


def test_a_parent_on_another_thing_is_refused(bread, alice):
    elsewhere = post(factories.discussion(by=alice, title="Soup"), alice)

    with pytest.raises(services.ParentGone):
        post(bread, alice, elsewhere)


def test_a_deleted_parent_is_refused(bread, alice):
    row = post(bread, alice)
    services.delete_comment(comment_id=row.pk, by=alice)

    with pytest.raises(services.ParentGone):
        post(bread, alice, row)


def test_nothing_changes_in_a_locked_thread(bread, alice):
    row = post(bread, alice)
    Thread.objects.update(locked_at=timezone.now())

    with pytest.raises(services.ThreadLocked):
        post(bread, alice, row)
    with pytest.raises(services.ThreadLocked):
        services.edit_comment(comment_id=row.pk, body="Pepper.", by=alice)
    with pytest.raises(services.ThreadLocked):
        services.delete_comment(comment_id=row.pk, by=alice)


@pytest.mark.django_db(transaction=True)
def test_a_reply_waits_for_its_parent_that_is_being_deleted(bread, alice, bob):
    row, gate = post(bread, alice), Gate()

    def reply():
        return post(bread, bob, row)

    def delete():
        return services.delete_comment(comment_id=row.pk, by=alice)

    with held(gate, delete, "UPDATE", "comments_comment") as deleted:
        connection.cursor().execute("SET lock_timeout = '300ms'")
        with pytest.raises(Exception, match="lock timeout"):
            reply()
        connection.cursor().execute("SET lock_timeout = DEFAULT")
    answers = race(reply, reply)

    assert deleted[0].state == Comment.State.DELETED
    assert [type(each) for each in answers] == [services.ParentGone] * 2
    assert Comment.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_replies_at_once_all_count(bread, alice, bob):
    root = post(bread, alice)

    answers = race(*[lambda: post(bread, bob, root)] * 8)

    root.refresh_from_db()
    assert all(isinstance(each, Comment) for each in answers)
    assert (root.reply_count, root.branch_count, Thread.objects.get().comment_count) == (8, 8, 9)


@pytest.mark.django_db(transaction=True)
def test_first_comments_at_once_make_one_thread(bread, alice, bob):
    answers = race(*[lambda: post(bread, bob)] * 6)

    assert [type(each) for each in answers] == [Comment] * 6
    assert Thread.objects.get().comment_count == 6
