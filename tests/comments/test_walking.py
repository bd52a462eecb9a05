"""Invariant 3: whoever follows every link sees each comment that was there once, in any order, while others post."""

import random
import re
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from comments import services
from comments.models import Comment, Thread
from comments.services import SORTS
from tests import factories
from tests.sessions_app.conftest import sign_in

MORE = re.compile(r'href="(/comments/\d+/replies\?[^"]*)"')
SHOWN = re.compile(r'<li class="comment" id="comment-(\d+)"')
COUNT = re.compile(r'href="(/comments/\d+/replies\?[^"]*)"[^>]*>(?:Continue this thread \()?(\d+)')
ARRIVING = 1000


def grow(thread, by, count, dice, hub=0):
    """Add so many comments in a few statements: some on the first level, most below another."""
    rows = list(Comment.objects.filter(thread=thread).only("pk", "path"))
    added = []
    for pk in factories.next_keys(count):
        parent = dice.choice(rows) if rows and dice.random() < 0.8 else None
        if rows and dice.random() < hub:
            parent = rows[0]
        path = parent.path[:7] if parent else []
        row = Comment(pk=pk, thread=thread, parent_id=path[-1] if path else None, path=[*path, pk], author=by)
        row.body = row.body_html = "Salt."
        row.published_at = row.created_at
        row.renderer_version, row.ups, row.downs = 1, dice.randrange(9), dice.randrange(4)
        added.append(row)
        rows.append(row)
    Comment.objects.bulk_create(added)
    return added


def links(page):
    return [unescape(link) for link in MORE.findall(page)]


@pytest.mark.parametrize(("sort", "view"), [*((sort, "threaded") for sort in SORTS), ("best", "flat"), ("new", "flat")])
def test_a_walk_sees_each_comment_once_while_a_thousand_arrive(at_alice, bread, alice, sort, view):
    dice = random.Random(sort)
    thread = factories.thread(on=bread)
    grow(thread, alice, 400, dice, hub=0.1)
    before = set(Comment.objects.values_list("pk", flat=True))
    seen, queue, left = [], [f"{bread.get_absolute_url()}?sort={sort}&view={view}"], ARRIVING
    while queue:
        response = at_alice.get(queue.pop(0), headers={"HX-Request": "true"} if seen and view == "threaded" else {})
        page = response.content.decode()
        seen += [int(pk) for pk in SHOWN.findall(page)]
        queue += links(page)
        if response.context.get("older"):
            queue.append(f"{bread.get_absolute_url()}?{response.context['older']}")
        if left:
            grow(thread, alice, min(left, 250), dice)
            left -= min(left, 250)

    assert left == 0
    assert len(seen) == len(set(seen))
    assert before <= set(seen)


def test_every_link_says_exactly_how_many_it_hides(at_alice, bread, alice):
    grow(factories.thread(on=bread), alice, 400, random.Random(4), hub=0.3)
    for row in Comment.objects.order_by("?")[:60]:
        services.delete_comment(comment_id=row.pk, by=alice)

    def visible_behind(link):
        page = at_alice.get(link, headers={"HX-Request": "true"}).content.decode()
        shown = Comment.objects.visible().filter(pk__in=SHOWN.findall(page)).count()
        return shown + sum(visible_behind(unescape(each)) for each in links(page))

    first = at_alice.get(bread.get_absolute_url()).content.decode()

    told = {unescape(link): int(count) for link, count in COUNT.findall(first)}
    assert told
    assert {link: visible_behind(link) for link in told} == told


def test_a_large_page_holds_at_most_so_many_comments(at_alice, bread, alice):
    thread = factories.thread(on=bread)
    grow(thread, alice, 1500, random.Random(1))

    page = at_alice.get(bread.get_absolute_url()).content.decode()

    assert 100 < len(SHOWN.findall(page)) <= 200
    assert Thread.objects.get().comment_count == 1500


def test_a_page_costs_the_same_whatever_the_size(at_alice, bread, alice, django_assert_num_queries):
    thread = factories.thread(on=bread)
    grow(thread, alice, 20, random.Random(1))
    at_alice.get(bread.get_absolute_url())

    # Two are the sign-in's, six the page's.
    with django_assert_num_queries(8):
        at_alice.get(bread.get_absolute_url())
    grow(thread, alice, 600, random.Random(2))
    with django_assert_num_queries(8):
        at_alice.get(bread.get_absolute_url())


def test_a_reply_costs_the_same_at_any_depth(bread, alice, bob, django_assert_num_queries):
    chain = [factories.comment(on=bread, by=alice)]
    for _ in range(7):
        chain.append(factories.comment(under=chain[-1], by=alice))

    # The savepoint of the test is two of them.
    for parent in (chain[0], chain[-1]):
        with django_assert_num_queries(4):
            services.post_comment(thing=bread, body=f"Salt for {parent.depth}.", by=bob, parent_id=parent.pk)


@pytest.mark.django_db(transaction=True)
def test_a_reply_through_its_form_is_six_statements_beyond_the_sign_in(bread, alice, bob):
    root = factories.comment(on=bread, by=bob)
    client = sign_in(alice)
    client.get(bread.get_absolute_url())
    key = "8e03978e-40d5-43dd-bc93-6894a57f9324"

    with CaptureQueriesContext(connection) as captured:
        client.post(
            f"/comments/on/comments.discussion/{bread.pk}",
            {"body": "Salt.", "parent": root.pk, "idempotency_key": key},
        )

    said = [query["sql"] for query in captured if query["sql"] not in ("BEGIN", "COMMIT")]
    assert Comment.objects.filter(parent=root).exists()
    # Who asks; the key, taken; the discussion; the look; the comment; the key, twice more.
    assert ["sessions_app_user" in said[0], len(said[1:])] == [True, 6]


@pytest.mark.parametrize("query", ["sort=x", "cursor=x", "sort=new&cursor=" + "y" * 900])
def test_an_order_or_a_cursor_that_was_made_up_is_refused(at_alice, bread, alice, query):
    row = factories.comment(on=bread, by=alice)

    addresses = (bread.get_absolute_url(), f"/comments/{row.pk}/replies")
    statuses = [at_alice.get(f"{address}?{query}").status_code for address in addresses]

    assert statuses == [400, 400]


def test_a_cursor_of_one_order_is_none_of_another(at_alice, bread, alice):
    grow(factories.thread(on=bread), alice, 300, random.Random(3))
    older = at_alice.get(bread.get_absolute_url()).context["older"]

    response = at_alice.get(f"{bread.get_absolute_url()}?{older.replace('sort=best', 'sort=new')}")

    assert response.status_code == 400
