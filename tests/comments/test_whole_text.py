"""A whole discussion as text: all that can be seen, in the order of the tree, and a batch in memory."""

import random

import pytest

from comments import services
from comments.models import Comment
from comments.services import whole
from tests import factories
from tests.comments.test_walking import grow


@pytest.fixture
def text(at_alice):
    def read(discussion):
        response = at_alice.get(f"/discussions/{discussion.pk}/text")
        assert response["Content-Type"] == "text/plain; charset=utf-8"
        return b"".join(response.streaming_content).decode()

    return read


def test_it_holds_title_words_and_replies_below_what_they_answer(text, bread, bob):
    first = factories.comment(on=bread, by=bob, body="Salt.\n\nMuch of it.")
    second = factories.comment(on=bread, by=None, body="Pepper.")
    factories.comment(under=first, by=bob, body="How much?")

    said = text(bread)

    assert said.startswith(f"# {bread.title}\n")
    assert said.index("    Salt.\n\n    Much of it.") < said.index("        How much?") < said.index("    Pepper.")
    assert f"    {bob}, " in said
    assert "somebody who left" in said
    assert second.depth == 1


def test_what_is_gone_leaves_its_epitaph_where_replies_need_it_and_no_word(text, bread, bob, mona):
    kept, gone = (factories.comment(on=bread, by=bob, body=f"Secret {n}.") for n in range(2))
    factories.comment(under=kept, by=mona, body="Indeed.")
    for row in (kept, gone):
        services.delete_comment(comment_id=row.pk, by=bob)
    held = factories.comment(on=bread, by=bob, body="Secret 3.")
    Comment.objects.filter(pk=held.pk).update(state="held", verdict="x")

    said = text(bread)

    assert "Secret" not in said
    assert said.count("Deleted by its author") == 1
    assert "Indeed." in said


def test_every_comment_is_told_once_in_the_order_of_the_tree(bread, alice, monkeypatch):
    monkeypatch.setattr(whole, "BATCH", 7)
    thread = factories.thread(on=bread)
    grow(thread, alice, 60, random.Random(3))
    rows = sorted(Comment.objects.filter(thread=thread), key=lambda row: row.path)

    said = list(services.read_whole(thread=thread, user=alice))

    assert [(each.depth, each.at) for each in said] == [(row.depth, row.created_at) for row in rows]


def test_it_takes_a_statement_a_batch(bread, alice, monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(whole, "BATCH", 7)
    thread = factories.thread(on=bread)
    grow(thread, alice, 20, random.Random(3))

    with django_assert_num_queries(3):
        list(services.read_whole(thread=thread, user=alice))


def test_before_anybody_said_something_it_is_the_discussion_alone(text, alice):
    assert text(factories.discussion(by=alice, title="Quiet", body="Nothing yet.")).endswith("\n\nNothing yet.\n")


def test_a_stranger_gets_none_and_no_other_method_does(client, at_mona, bread):
    address = f"/discussions/{bread.pk}/text"
    statuses = [at_mona.post(address).status_code, at_mona.get("/discussions/999999/text").status_code]
    client.logout()

    assert statuses == [405, 404]
    assert client.get(address).status_code == 302
