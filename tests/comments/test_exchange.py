"""Discussions go out as lines of JSON and come in from there and from Disqus, each once (invariants 1, 2 and 10)."""

import json
import threading
from datetime import UTC, datetime

import pytest
from django.core.management import CommandError
from django.db import IntegrityError

from comments import exchange, services
from comments.models import DEPTH_MAX, Act, Comment, Discussion, Origin, Thread
from sessions_app.models import User
from tests import factories
from tests.comments.test_upkeep import run
from tests.races import Gate, held, race, until_somebody_waits

NOON = datetime(2024, 5, 4, 12, tzinfo=UTC)
HEAD = exchange.header(NOON)


def written(tmp_path, *lines, name="in.jsonl"):
    path = tmp_path / name
    text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    return path


def discussion(key="d1", **fields):
    return {
        **{"kind": "discussion", "key": key, "title": "Bread", "body": "Who bakes?", "created_at": NOON.isoformat()},
        **{"author": {"name": "Ada", "email": "ada@example.org"}},
    } | fields


def comment(key, parent=None, **fields):
    return {
        **{"kind": "comment", "key": key, "discussion": "d1", "parent": parent, "body": f"I am {key}"},
        **{"author": {"name": "Bob"}, "state": "visible", "created_at": NOON.isoformat()},
        **{"published_at": NOON.isoformat()},
    } | fields


def taken_in(path, **options):
    return run("import_comments", path, **options)


# --- There and back -------------------------------------------------------------------------------------------------


def shape():
    """Return every discussion and comment as an export says it, with places in the place of keys."""
    names, found = {}, []
    for record in services.export_discussions():
        names[record.key] = f"#{len(names)}"
        fields = {name: getattr(record, name) for name in type(record).__slots__ if name not in ("key", "place")}
        for name in ("discussion", "parent"):
            if fields.get(name):
                fields[name] = names[fields[name]]
        found.append(fields)
    return found


def test_what_goes_out_comes_in_again_as_it_was(alice, bob, mona, bread, tmp_path):
    root = factories.comment(on=bread, by=alice)
    deep = root
    for _ in range(DEPTH_MAX - 1):
        deep = factories.comment(under=deep, by=bob)
    gone = factories.comment(under=root, by=bob)
    services.delete_comment(comment_id=gone.pk, by=bob)
    services.moderate_comment(comment_id=deep.pk, kind="hide", reason="Off the topic", by=mona)
    services.act_on_thread(thread_id=root.thread_id, kind="lock", reason="Enough", by=mona)
    before = shape()
    path = tmp_path / "out.jsonl"
    run("export_comments", path)
    Discussion.objects.all().delete()
    Thread.objects.all().delete()

    said, faults = taken_in(path)

    assert shape() == before
    assert said == f"discussions=1 comments={len(before) - 1} there=0 refused=0"
    assert run("recount_comments") == ("differences=0 repaired=0", [])
    assert Act.objects.get(kind="hide").reason == "Off the topic"
    assert len(faults) == 1


def test_it_is_taken_in_once_however_often_it_comes(db, tmp_path):
    path = written(tmp_path, HEAD, discussion(), comment("c1"), comment("c2", "c1"))

    first, _ = taken_in(path)
    second, _ = taken_in(path)

    assert first == "discussions=1 comments=2 there=0 refused=0"
    assert second == "discussions=0 comments=0 there=3 refused=0"
    assert (Discussion.objects.count(), Comment.objects.count(), Thread.objects.get().comment_count) == (1, 2, 2)


def test_what_was_deeper_elsewhere_hangs_on_the_ancestor_at_the_limit(db, tmp_path):
    chain = [comment("c0"), *(comment(f"c{number}", f"c{number - 1}") for number in range(1, 12))]

    taken_in(written(tmp_path, HEAD, discussion(), *chain))

    assert [row.depth for row in Comment.objects.order_by("pk")] == [1, 2, 3, 4, 5, 6, 7, 8, 8, 8, 8, 8]
    assert run("recount_comments") == ("differences=0 repaired=0", [])


def test_a_limit_is_gone_on_from(db, tmp_path):
    path = written(tmp_path, HEAD, discussion(), comment("c1"), comment("c2", "c1"))

    said = [taken_in(path, limit=1)[0] for _ in range(4)]

    assert [line.split()[:2] for line in said] == [
        ["discussions=1", "comments=0"],
        ["discussions=0", "comments=1"],
        ["discussions=0", "comments=1"],
        ["discussions=0", "comments=0"],
    ]


def test_a_dry_run_takes_in_nothing(db, tmp_path):
    path = written(tmp_path, HEAD, discussion(), comment("c1"), comment("c2", body=""))

    said, faults = taken_in(path, dry_run=True)

    assert said == "discussions=1 comments=1 there=0 refused=1"
    assert "line 4: A visible comment says something." in faults
    assert not Discussion.objects.exists()
    assert not User.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_that_take_in_the_same_at_once_take_it_in_once(tmp_path):
    path = written(tmp_path, HEAD, discussion(), comment("c1"), comment("c2", "c1"))
    gate, second = Gate(), []
    other = threading.Thread(target=lambda: second.extend(race(lambda: taken_in(path))))
    with held(gate, lambda: taken_in(path), 'FROM "comments_origin"') as first:
        other.start()
        until_somebody_waits(lambda: not other.is_alive())
    other.join()

    assert first[0][0] == "discussions=1 comments=2 there=0 refused=0"
    assert second[0][0] == "discussions=0 comments=0 there=3 refused=0"
    assert Comment.objects.count() == 2


# --- Who said it ----------------------------------------------------------------------------------------------------


def test_who_has_the_address_said_it_and_others_have_somebody_who_stands_for_them(db, client, tmp_path):
    ada = factories.user(name="ada", email="Ada@example.org")
    path = written(tmp_path, HEAD, discussion(), comment("c1"), comment("c2"), comment("c3", author=None))

    taken_in(path)

    bob = User.objects.exclude(pk=ada.pk).get()
    assert Discussion.objects.get().author == ada
    assert [row.author for row in Comment.objects.order_by("pk")] == [bob, bob, None]
    assert (bob.display_name, bob.is_active, bob.has_usable_password()) == ("Bob", False, False)


def test_an_address_that_nobody_has_is_not_kept(db, tmp_path):
    taken_in(written(tmp_path, HEAD, discussion()))

    stands_in = User.objects.get()
    assert "ada@" not in stands_in.email
    assert shape()[0]["author"] == exchange.Author(name="Ada")


# --- What cannot be taken in ----------------------------------------------------------------------------------------

WRONG = [
    ("not JSON", "This is not JSON."),
    ("[" * 100_000, "This is not JSON."),
    ('{"kind": "poem"}', "`kind` is one of discussion, comment."),
    ("[]", "`kind` is one of"),
    (comment("c1", created_at="yesterday"), "`created_at` is no moment of ISO 8601."),
    (comment("c1", created_at="0001-01-01T00:00:00Z"), "`created_at` is no moment of our time."),
    (comment("c1", state="shouted"), "`state` is one of visible"),
    (comment("c1", state="hidden"), "Why it was hidden is missing"),
    (comment("c1", body="x" * 40_001), "`body` has 40,001 characters; at most 40,000 fit."),
    (comment("c1", body="a\0b"), "`body` holds a character that cannot be kept."),
    (comment("c1", body="a\ud800b"), "`body` holds a character that cannot be kept."),
    (comment("c1", body=["x"]), "`body` is no text."),
    (comment("c1", body="> " * 1000 + "x"), "Quotes and lists can be at most 20 deep."),
    (comment("c1", parent="c9"), "What it hangs on is not there: c9."),
    (comment("c1", parent="c1"), "What it hangs on is not there: c1."),
    (comment("c1", discussion="d9"), "What it hangs on is not there: d9."),
    (comment("c1", parent="d1"), "What it hangs on was refused, or is in another discussion."),
    (comment("c1", shout=True), "unexpected keyword argument 'shout'"),
    (comment("c1", author={"phone": "1"}), "unexpected keyword argument 'phone'"),
    (comment("c1", author="Bob"), "must be a mapping"),
    ({"kind": "comment"}, "missing"),
    (discussion("d2", title=" "), "A discussion has a title and a body."),
]


@pytest.mark.parametrize(("line", "why"), WRONG)
def test_what_cannot_be_taken_in_is_named_with_its_place_and_the_rest_goes_on(line, why, db, tmp_path):
    path = written(tmp_path, HEAD, discussion(), line, comment("c5"))

    said, faults = taken_in(path)

    assert said == "discussions=1 comments=1 there=0 refused=1"
    assert any(fault.startswith("line 3: ") and why in fault for fault in faults)


def test_a_circle_of_replies_is_refused(db, tmp_path):
    path = written(tmp_path, HEAD, discussion(), comment("c1", "c2"), comment("c2", "c1"), comment("c3"))

    said, _ = taken_in(path)

    assert said == "discussions=1 comments=1 there=0 refused=2"


def test_a_reply_that_comes_before_what_it_answers_waits_for_it(db, tmp_path):
    path = written(tmp_path, HEAD, comment("c3", "c2"), comment("c2", "c1"), comment("c1"), discussion())

    said, _ = taken_in(path)

    assert said == "discussions=1 comments=3 there=0 refused=0"
    assert [row.depth for row in Comment.objects.order_by("pk")] == [1, 2, 3]


@pytest.mark.parametrize(
    ("options", "content", "why"),
    [
        ({}, b"", "The first line is not"),
        ({}, b'{"format": "guildhall-comments", "version": 2}\n', "The first line is not"),
        ({}, b"<html></html>", "does not begin with <disqus>"),
        ({}, b"<disqus", "The XML cannot be read"),
        ({"format": "disqus"}, b"", "The XML cannot be read"),
        ({}, HEAD.encode() + b"\n" + b"x" * 1_000_001, "Line 2 is longer"),
        ({"limit": 0}, HEAD.encode(), "--limit"),
        ({"source": ""}, HEAD.encode(), "--source"),
        ({"source": "s" * 41}, HEAD.encode(), "--source"),
    ],
)
def test_wrong_use_is_said_in_one_line(db, tmp_path, options, content, why):
    path = tmp_path / "in"
    path.write_bytes(content)

    with pytest.raises(CommandError, match=why):
        taken_in(path, **options)


def test_a_file_that_is_not_there_or_there_already_is_said_in_one_line(db, tmp_path):
    with pytest.raises(CommandError, match="No such file"):
        taken_in(tmp_path / "none")
    (tmp_path / "there").write_text("x")
    with pytest.raises(CommandError, match="File exists"):
        run("export_comments", tmp_path / "there")
    with pytest.raises(CommandError, match="there is no discussion 9"):
        run("export_comments", "-", discussion=9)


# --- What the database refuses --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("origin_is_taken_in_once", {"source": "json", "key": "c1"}),
        ("origin_is_of_one_thing", {"source": "json", "key": "c2", "discussion": None}),
    ],
)
def test_the_database_refuses_an_origin_that_cannot_be(bread, name, fields):
    Origin.objects.create(source="json", key="c1", discussion=bread)

    with pytest.raises(IntegrityError, match=name):
        Origin.objects.create(**{"discussion": bread} | fields)


def test_the_limits_of_a_record_are_those_of_the_rows():
    title, body = Discussion._meta.get_field("title"), Comment._meta.get_field("body")
    verdict, key = Comment._meta.get_field("verdict"), Origin._meta.get_field("key")

    found = (title.max_length, body.max_length, verdict.max_length, key.max_length)

    assert found == (exchange.TITLE_MAX, exchange.BODY_MAX, exchange.VERDICT_MAX, exchange.KEY_MAX)
    assert set(exchange.STATES) == set(Comment.State.values)
