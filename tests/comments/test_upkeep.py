"""Counts from rows, HTML from Markdown, and what operators see of what waits."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from comments import rendering, services
from comments.models import Comment, Discussion, Thread
from comments.panels import collect
from tests import factories


def run(command, *arguments, **options):
    out, err = StringIO(), StringIO()
    call_command(command, *map(str, arguments), stdout=out, stderr=err, **options)
    return out.getvalue().strip(), err.getvalue().splitlines()


def without(trigger):
    with connection.cursor() as cursor:
        # What is deferred comes first: a table with checks to come cannot be altered.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE comments_comment DISABLE TRIGGER {trigger}")


@pytest.fixture
def tree(bread, alice):
    root = factories.comment(on=bread, by=alice)
    factories.comment(under=factories.comment(under=root, by=alice), by=alice)
    return root


def test_counts_that_hold_are_left_alone(tree):
    assert run("recount_comments") == ("differences=0 repaired=0", [])


def test_counts_that_were_changed_by_hand_are_reported_and_set_right(tree):
    Comment.objects.filter(pk=tree.pk).update(reply_count=3, branch_count=7)
    Thread.objects.update(comment_count=9)

    reported, lines = run("recount_comments")
    repaired, _ = run("recount_comments", repair=True)

    tree.refresh_from_db()
    assert reported == "differences=2 repaired=0"
    assert lines[1] == f"thread={tree.thread_id} comment={tree.pk} shown=3,7 real=1,2"
    assert repaired == "differences=2 repaired=2"
    assert (tree.reply_count, tree.branch_count, Thread.objects.get().comment_count) == (1, 2, 3)


def test_without_the_trigger_a_reply_would_not_count(tree, alice):
    without("comments_count_added")

    factories.comment(under=tree, by=alice)

    assert len(services.recount_comments(repair=False)) == 2


def test_without_the_other_trigger_a_deletion_would_not_count(tree, alice):
    without("comments_count_changed")

    services.delete_comment(comment_id=Comment.objects.latest("pk").pk, by=alice)

    assert len(services.recount_comments(repair=False)) == 3


def test_what_an_older_renderer_made_is_made_anew(bread, tree):
    Comment.objects.update(body="**new**", body_html="old", renderer_version=1)
    Discussion.objects.update(renderer_version=1)

    first, _ = run("rerender_comments", limit=2)
    rest, _ = run("rerender_comments")

    assert (first, rest) == ("rendered=2 refused=0", "rendered=2 refused=0")
    assert set(Comment.objects.values_list("body_html", "renderer_version")) == {
        ("<p><strong>new</strong></p>\n", rendering.VERSION)
    }


def test_what_the_renderer_refuses_stays_as_it_was(tree):
    Comment.objects.filter(pk=tree.pk).update(body="> " * 30 + "deep", body_html="old", renderer_version=1)

    assert run("rerender_comments")[0] == "rendered=0 refused=1"
    assert Comment.objects.get(pk=tree.pk).body_html == "old"


def test_a_limit_below_one_is_wrong_use(db):
    with pytest.raises(CommandError):
        run("rerender_comments", limit=0)


def test_operators_see_what_waits(tree, bob):
    services.report_comment(comment_id=tree.pk, reason="rude", note="", by=bob)
    Comment.objects.filter(reply_count=0).update(state="held", verdict="It has a link")

    figures = {figure.label: (figure.value, figure.state) for figure in collect()}

    assert figures["Reports to look at"] == (1, "")
    assert figures["Comments held"] == (1, "")
    assert figures["Oldest of these"][1] == "ok"
