"""Invariants 1, 2 and 4: what Postgres refuses whoever writes."""

import pytest
from django.db import IntegrityError, connection
from django.utils import timezone

from comments.models import Comment, Thread
from tests import factories
from tests.comments.test_tree import post


def stored(**fields):
    pk = factories.next_key()
    row = {
        "pk": pk,
        "path": [pk],
        "body": "x",
        "body_html": "x",
        "renderer_version": 1,
        "published_at": timezone.now(),
    } | fields
    Comment(**row).save(force_insert=True)


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("comment_path_ends_with_itself", {"path": [1, 2], "parent_id": 1}),
        ("comment_depth_is_limited", {"pk": 9, "path": list(range(1, 10)), "parent_id": 8}),
        ("comment_parent_is_in_its_path", {"pk": 9, "path": [8, 9], "parent_id": 7}),
        ("comment_parent_is_in_its_path", {"pk": 9, "path": [8, 9]}),
        ("comment_counts_are_never_below_zero", {"reply_count": -1, "branch_count": 0}),
        ("comment_counts_are_never_below_zero", {"reply_count": 2, "branch_count": 1}),
        ("comment_votes_are_never_below_zero", {"downs": -1}),
        ("comment_deleted_has_its_moment", {"deleted_at": timezone.now()}),
        ("comment_visible_says_something", {"body": ""}),
        ("comment_visible_was_published", {"published_at": None}),
    ],
)
def test_postgres_refuses_a_comment_that_breaks_a_rule(bread, name, fields):
    thread = factories.thread(on=bread)

    with pytest.raises(IntegrityError, match=name):
        stored(thread=thread, **fields)


def test_postgres_refuses_a_path_that_is_not_the_parents(bread, alice):
    root = factories.comment(on=bread, by=alice)
    other = factories.thread(on=factories.discussion(by=alice, title="Soup"))
    pk = factories.next_key()
    connection.cursor().execute("SET CONSTRAINTS ALL IMMEDIATE")

    with pytest.raises(IntegrityError, match="comment_path_is_its_parents"):
        stored(pk=pk, thread=other, parent_id=root.pk, path=[root.pk, pk])


def test_postgres_refuses_to_delete_what_has_replies(bread, alice):
    root = factories.comment(on=bread, by=alice)
    factories.comment(under=root, by=alice)
    connection.cursor().execute("SET CONSTRAINTS ALL IMMEDIATE")

    with pytest.raises(IntegrityError, match="comment_path_is_its_parents"):
        connection.cursor().execute("DELETE FROM comments_comment WHERE id = %s", [root.pk])


def test_a_thing_has_one_thread(bread):
    factories.thread(on=bread)

    with pytest.raises(IntegrityError, match="thread_once_per_thing"):
        Thread.objects.create(thing=bread)


def test_a_thread_counts_nothing_below_zero(bread):
    factories.thread(on=bread)

    with pytest.raises(IntegrityError, match="thread_count_is_never_below_zero"):
        Thread.objects.update(comment_count=-1)


def test_a_removed_discussion_takes_its_thread_along(bread, alice, bob):
    root = post(bread, alice)
    post(bread, bob, root)

    bread.delete()

    assert not Comment.objects.exists()
    assert not Thread.objects.exists()


def test_comments_outlive_their_author(bread, alice, bob):
    post(bread, bob)

    bob.delete()

    assert Comment.objects.visible_to(alice).get().author is None


@pytest.mark.parametrize(
    ("asked", "index"),
    [("parent_id = 1", "comment_replies"), ("thread_id = 1 AND parent_path = '{1}'", "comment_answers")],
)
def test_what_postgres_asks_before_a_comment_goes_has_an_index(db, asked, index):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN SELECT 1 FROM ONLY comments_comment WHERE {asked} FOR KEY SHARE")
        plan = "\n".join(line for (line,) in cursor.fetchall())

    assert index in plan
