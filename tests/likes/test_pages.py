"""The buttons, who reacted, and what a person liked."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from likes import services
from likes.models import Notice, Reaction
from tests import factories

MINE = "/account/likes"


def act(client, thing, what, kind="like", htmx=False, **fields):
    headers = {"hx-request": "true"} if htmx else {}
    return client.post(f"/likes/comments.discussion/{thing.pk}/{what}", {"kind": kind, **fields}, headers=headers)


def test_a_press_likes_and_leads_back_to_its_place(at_bob, bread):
    response = act(at_bob, bread, "set", next="/discussions?cursor=x#old")

    assert response["Location"] == f"/discussions?cursor=x#reactions-comments-discussion-{bread.pk}"
    assert Reaction.objects.count() == 1


@pytest.mark.parametrize("wanted", ["", "//evil.example", "https://evil.example/", "javascript:alert(1)", "http://["])
def test_no_press_leads_out_of_the_hall(at_bob, bread, wanted):
    response = act(at_bob, bread, "set", next=wanted)

    assert response["Location"].startswith(f"/discussions/{bread.pk}#")


def test_htmx_gets_the_buttons_as_they_are_now(at_bob, bread):
    pressed = act(at_bob, bread, "set", htmx=True).content.decode()
    cleared = act(at_bob, bread, "clear", htmx=True).content.decode()

    assert "<html" not in pressed
    assert 'aria-pressed="true"' in pressed
    assert f"/likes/comments.discussion/{bread.pk}/clear" in pressed
    assert 'data-count="1"' in pressed
    assert 'aria-pressed="true"' not in cleared


def test_the_buttons_stand_under_a_discussion(at_bob, bread, alice, bob):
    services.set_reaction(thing=bread, kind="like", by=alice)
    services.set_reaction(thing=bread, kind="like", by=bob)

    page = at_bob.get(bread.get_absolute_url()).content.decode()

    assert "You and Alice" in page
    assert 'title="Like: 2"' in page


def test_fifty_things_cost_two_queries(bread, alice, bob):
    things = [bread, *(factories.discussion(by=alice) for _ in range(49))]
    for thing in things[::2]:
        services.set_reaction(thing=thing, kind="like", by=alice)
        services.set_reaction(thing=thing, kind="heart", by=bob)

    with CaptureQueriesContext(connection) as queries:
        found = services.standings(things=things, user=bob)

    assert len(queries) == 2
    assert [each.counts.get("like", 0) for each in found.values()] == [1, 0] * 25
    assert found[bread.pk].mine == {"heart"}
    assert found[bread.pk].names == ["Alice"]


def test_the_first_names_are_the_newest_and_the_rest_is_counted(bread, alice, bob):
    people = [factories.user(name=name) for name in ("carol", "dora", "emil")]
    for each in people:
        services.set_reaction(thing=bread, kind="like", by=each)

    of_stranger = services.read_standing(thing=bread, user=bob)
    of_emil = services.read_standing(thing=bread, user=people[2])

    assert of_stranger.told == "Emil, Dora and 1 other"
    assert of_emil.told == "You, Dora and 1 other"


def test_who_reacted_comes_in_pages_newest_first(at_bob, bread):
    for number in range(35):
        services.set_reaction(thing=bread, kind="like", by=factories.user(name=f"p{number:02}"))

    first = at_bob.get(f"/likes/comments.discussion/{bread.pk}")
    second = at_bob.get(f"/likes/comments.discussion/{bread.pk}?{first.context['older']}")

    names = [str(row.user) for page in (first, second) for row in page.context["rows"]]
    assert names == [f"P{number:02}" for number in reversed(range(35))]


@pytest.mark.parametrize("query", ["kind=up", "kind=x", "cursor=x"])
def test_who_voted_and_what_is_made_up_is_refused(at_bob, bread, query):
    assert at_bob.get(f"/likes/comments.discussion/{bread.pk}?{query}").status_code == 400


@pytest.mark.parametrize(
    "target", ["comments.discussion/99", "sessions_app.user/1", "x.y/1", "comments.discussion/0", "likes.reaction/1"]
)
def test_what_is_not_there_or_takes_no_reactions_is_not_there(at_bob, bread, target):
    answers = [at_bob.get(f"/likes/{target}"), at_bob.post(f"/likes/{target}/set", {"kind": "like"})]

    assert [each.status_code for each in answers] == [404, 404]


@pytest.mark.parametrize("kind", ["", "x", "LIKE", "like\0", "\ud800", "9" * 5000])
def test_a_kind_that_does_not_exist_is_refused(at_bob, bread, kind):
    assert act(at_bob, bread, "set", kind=kind.encode("utf-8", "surrogatepass")).status_code == 400


def test_a_refusal_is_told_plainly(at_bob, bread):
    page = act(at_bob, bread, "set", kind="up", htmx=True)

    assert page.status_code == 200
    assert "This takes no such reaction" in page.content.decode()


def test_setting_and_clearing_are_posts(at_bob, bread):
    for what in ("set", "clear"):
        assert at_bob.get(f"/likes/comments.discussion/{bread.pk}/{what}").status_code == 405


def test_a_stranger_cannot_react(client, bread):
    response = act(client, bread, "set")

    assert response.status_code == 302
    assert "/accounts/login" in response["Location"]


def test_what_i_liked_is_a_list_in_pages(at_bob, bread, alice, bob, django_assert_num_queries):
    for number in range(35):
        services.set_reaction(thing=factories.discussion(by=alice, title=f"No. {number}"), kind="like", by=bob)
    services.set_reaction(thing=bread, kind="like", by=alice)
    at_bob.get(MINE)

    with django_assert_num_queries(5):
        first = at_bob.get(MINE)
    second = at_bob.get(f"{MINE}?{first.context['older']}")

    titles = [thing.title for page in (first, second) for thing, *_ in page.context["liked"]]
    assert titles == [f"No. {number}" for number in reversed(range(35))]


def test_mails_are_turned_off_and_on(at_bob, bob):
    at_bob.post(f"{MINE}/mails", {"mails": "off"})
    muted = Notice.objects.get(user=bob).muted_at
    at_bob.post(f"{MINE}/mails", {"mails": "on"})

    assert muted is not None
    assert Notice.objects.get(user=bob).muted_at is None
    assert at_bob.post(f"{MINE}/mails", {"mails": "x"}).status_code == 400
