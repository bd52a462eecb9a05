"""Discussions that a moderator sees first: by a rule, or since their author is limited and is not told."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from comments import services
from comments.models import Discussion, Limit, Revision
from tagging import services as tagging
from tagging.models import Tag
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


# --- Other words for what waits ---------------------------------------------------------------------------


def later(after=services.EDIT_FREELY + timedelta(minutes=1)):
    return time_machine.travel(timezone.now() + after, tick=False)


def test_words_that_nobody_let_pass_are_no_history(client, waits, newcomer, mona, alice):
    with later():
        services.edit_discussion(discussion_id=waits.pk, body="No link any more.", by=newcomer)
    services.moderate_discussion(discussion_id=waits.pk, kind="keep", reason="Fine", by=mona)
    client.force_login(alice)

    assert not Revision.objects.exists()
    assert "kilns.example" not in client.get(f"/discussions/{waits.pk}/history").content.decode()


def test_what_waits_goes_on_waiting_whatever_it_says_now(waits, newcomer, alice):
    open_one(alice, body="Bring flour and salt.")
    again = open_one(alice, body="Bring flour and salt.")

    changed = [
        services.edit_discussion(discussion_id=waits.pk, body="No link.", by=newcomer),
        services.edit_discussion(discussion_id=again.pk, body="Bring flour and salt!", by=alice),
    ]

    assert [(row.state, row.verdict) for row in changed] == [
        ("held", "It has a link, and its author is new"),
        ("held", "Its author said the same before"),
    ]


@pytest.mark.parametrize("is_limited", [True, False], ids=["limited", "a held word"])
def test_what_others_said_never_waits_with_new_words(settings, bread, alice, bob, mona, is_limited):
    services.post_comment(thing=bread, body="Salt.", by=bob)
    if is_limited:
        services.act_on_opener(discussion_id=bread.pk, kind="limit", reason="Baits", days=7, by=mona)
    else:
        settings.COMMENTS_HELD_WORDS = ["rye"]

    with pytest.raises(services.NotPossible, match="all answers would wait"):
        services.edit_discussion(discussion_id=bread.pk, body="Bring rye.", by=alice)

    assert Discussion.objects.get().body == "Bring flour."


def test_words_of_tags_are_words(settings, alice):
    settings.COMMENTS_HELD_WORDS, settings.COMMENTS_BANNED_WORDS = ["casino"], ["swindle"]

    assert open_one(alice, body="Salt.", tags=["casino"]).state == "held"
    with pytest.raises(services.WordRefused):
        open_one(alice, body="Pepper.", tags=["swindle"])


def test_what_passes_later_is_new_for_those_who_follow_its_tags(newcomer, alice, mona):
    open_one(alice, body="Salt.", tags=["kilns"])
    tagging.follow_tag(tag=Tag.objects.get(name="kilns"), kind="follow", by=alice)
    with later(timedelta(minutes=1)):
        row = open_one(newcomer, tags=["kilns"])
    with later(timedelta(minutes=10)):
        before = services.send_digests()
        services.moderate_discussion(discussion_id=row.pk, kind="keep", reason="Fine", by=mona)
    with later(timedelta(minutes=16)):
        after = services.send_digests()

    found = tagging.find(wanted=tagging.Wanted(tagging.read_tags(names=["kilns"])), user=alice).things
    assert (before, after) == (0, 1)
    assert found[0] == row


# --- A limited person finds no difference ------------------------------------------------------------------


def test_reporting_ones_own_says_the_same_to_who_is_limited(client, bob, mona, bread):
    services.act_on_opener(discussion_id=factories.discussion(by=bob).pk, kind="limit", reason="Baits", days=7, by=mona)
    own, said = open_one(bob, body="Salt."), services.post_comment(thing=bread, body="Pepper.", by=bob)
    client.force_login(bob)

    for address in (f"/discussions/{own.pk}/report", f"/comments/{said.pk}/report"):
        assert client.get(address).status_code == 200
        assert "It is your own" in client.post(address, {"reason": "spam"}).content.decode()


def test_all_of_it_as_text_has_what_they_alone_see(client, bob, alice, mona, bread):
    services.act_on_opener(discussion_id=factories.discussion(by=bob).pk, kind="limit", reason="Baits", days=7, by=mona)
    services.post_comment(thing=bread, body="Only mine.", by=bob)
    texts = []
    for reader in (bob, alice):
        client.force_login(reader)
        texts.append(b"".join(client.get(f"/discussions/{bread.pk}/text").streaming_content).decode())

    assert "Only mine." in texts[0]
    assert "Only mine." not in texts[1]
