"""Discussions that a moderator sees first: by a rule, or since their author is limited and is not told."""

import pytest

from comments import services
from comments.models import Discussion, Limit
from tagging import services as tagging
from tests import factories


def open_one(by, title="Kilns", body="See https://kilns.example", **more):
    return services.open_discussion(title=title, body=body, by=by, **more)


@pytest.fixture
def newcomer(db):
    return factories.user(name="nina")


@pytest.fixture
def waits(newcomer):
    return open_one(newcomer)


def test_a_link_by_somebody_new_waits_and_only_they_find_it(client, waits, newcomer, alice):
    client.force_login(newcomer)
    own = client.get(waits.get_absolute_url()).content.decode()
    own_list = client.get("/discussions").content.decode()
    client.force_login(alice)

    assert (waits.state, waits.verdict) == ("held", "It has a link, and its author is new")
    assert "nobody else sees it yet" in own
    assert waits.title in own_list
    assert client.get(waits.get_absolute_url()).status_code == 404
    assert client.get(f"{waits.get_absolute_url()}/text").status_code == 404
    assert waits.title not in client.get("/discussions").content.decode()


def test_what_waits_is_told_to_its_author_in_the_form(client, newcomer):
    client.force_login(newcomer)

    response = client.post("/discussions/new", {"title": "Kilns", "body": "https://kilns.example"}, follow=True)

    assert "A moderator looks at it first." in response.content.decode()


def test_what_waits_takes_nothing_from_others_and_is_not_found_by_its_tags(client, newcomer, alice):
    row = open_one(newcomer, tags=["kilns"])
    client.force_login(alice)

    answer = client.post(f"/comments/on/comments.discussion/{row.pk}", {"body": "Hi"})

    assert answer.status_code == 404
    with pytest.raises(services.ParentGone):
        services.post_comment(thing=row, body="Hi", by=alice)
    assert tagging.find(wanted=tagging.Wanted(tagging.read_tags(names=["kilns"])), user=alice).things == []


def test_the_same_again_waits(alice):
    open_one(alice, body="Bring flour and salt.")

    assert open_one(alice, body="Bring flour and salt.").verdict == "Its author said the same before"


def test_who_is_limited_is_not_told_that_it_waits(client, bob, mona, alice):
    act = services.act_on_opener(
        discussion_id=factories.discussion(by=bob).pk, kind="limit", reason="Baits", days=7, by=mona
    )
    client.force_login(bob)

    response = client.post("/discussions/new", {"title": "Soup", "body": "Salt."}, follow=True)

    row = Discussion.objects.get(title="Soup")
    assert Limit.objects.get().act == act
    assert (row.state, row.is_shadowed) == ("held", True)
    assert "It is on the noticeboard." in response.content.decode()
    assert "nobody else sees it" not in response.content.decode()
    client.force_login(alice)
    assert client.get(row.get_absolute_url()).status_code == 404


def test_what_a_limited_person_changes_stays_unseen(bob, mona):
    row = factories.discussion(by=bob)
    services.act_on_opener(discussion_id=row.pk, kind="limit", reason="Baits", days=7, by=mona)

    changed = services.edit_discussion(discussion_id=row.pk, title="Soup", body="Salt.", by=bob)

    assert (changed.state, changed.is_shadowed) == ("held", True)


def test_somebody_new_opens_one_in_ten_seconds(client, newcomer):
    client.force_login(newcomer)
    client.post("/discussions/new", {"title": "Soup", "body": "Salt."})

    response = client.post("/discussions/new", {"title": "Soup again", "body": "Pepper."})

    assert (response.status_code, response["Retry-After"]) == (429, "10")
    assert "wait 10 seconds" in response.content.decode()
    assert response.context["form"]["title"].value() == "Soup again"


def test_a_word_that_is_not_said_here_is_refused_in_the_title_too(settings, alice):
    settings.COMMENTS_BANNED_WORDS = ["swindle"]

    with pytest.raises(services.WordRefused):
        open_one(alice, title="A swindle", body="Salt.")


def test_the_files_of_what_waits_are_seen_by_its_author_and_by_moderators(bread, alice, bob, mona):
    Discussion.objects.update(state="held", verdict="It has many links")
    bread.refresh_from_db()

    assert [bread.shows_files_to(each) for each in (alice, bob, mona)] == [True, False, True]
