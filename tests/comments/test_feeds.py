"""Atom feeds: whose key opens them, what they tell, and that they are XML whatever people write."""

import xml.etree.ElementTree as ET

import pytest

from comments import services
from comments.models import FeedKey
from tagging import services as tagging
from tests import factories
from tests.races import race

ATOM = {"a": "http://www.w3.org/2005/Atom"}


def entries(response):
    return ET.fromstring(response.content).findall("a:entry", ATOM)


def told(response, name="title"):
    return [each.find(f"a:{name}", ATOM).text for each in entries(response)]


@pytest.fixture
def key(alice):
    return services.renew_feed_key(by=alice)


def test_a_key_opens_the_feed_of_discussions_without_a_session(client, key, bread):
    response = client.get("/discussions/feed.atom", {"key": key})

    assert response["Content-Type"] == "application/atom+xml; charset=utf-8"
    assert told(response) == [bread.title]
    assert "Bring flour." in told(response, "summary")[0]


def test_a_discussion_has_a_feed_of_what_is_visible_newest_first(client, key, bread, bob):
    for body, state in (("Salt.", "visible"), ("Held.", "held"), ("Gone.", "deleted"), ("Pepper.", "visible")):
        factories.comment(on=bread, by=bob, body=body, state=state, verdict="x" if state == "held" else "")

    response = client.get(f"/discussions/{bread.pk}/feed.atom", {"key": key})

    assert [text.strip() for text in told(response, "summary")] == ["<p>Pepper.</p>", "<p>Salt.</p>"]


def test_what_a_moderator_let_pass_late_is_new_in_the_feed(client, key, bread, bob, mona):
    waits = factories.comment(on=bread, by=bob, body="Salt.", state="held", verdict="It has a link")
    factories.comment(on=bread, by=bob, body="Pepper.")
    services.moderate_comment(comment_id=waits.pk, kind="keep", reason="Fine", by=mona)

    response = client.get(f"/discussions/{bread.pk}/feed.atom", {"key": key})

    assert [text.strip() for text in told(response, "summary")] == ["<p>Salt.</p>", "<p>Pepper.</p>"]


def test_who_is_limited_finds_their_own_in_the_feed_and_nobody_else_does(client, key, bread, alice, bob, mona):
    act = services.act_on_opener(discussion_id=bread.pk, kind="limit", reason="Baits", days=7, by=mona)
    services.post_comment(thing=bread, body="Only mine.", by=alice)
    factories.comment(on=bread, by=bob, body="Pepper.")
    keys = [key, services.renew_feed_key(by=bob)]

    said = [told(client.get(f"/discussions/{bread.pk}/feed.atom", {"key": each}), "summary") for each in keys]

    assert act.person == alice
    assert ["Only mine." in "".join(each) for each in said] == [True, False]


def test_a_tag_has_a_feed(client, key, alice, bread):
    factories.discussion(by=alice, title="Another")
    tagging.set_tags(thing=bread, names=["C++"], by=alice)

    response = client.get("/discussions/tagged/c++/feed.atom", {"key": key})

    assert told(response) == [bread.title]


def test_a_session_opens_them_too(at_alice, bread):
    assert told(at_alice.get("/discussions/feed.atom")) == [bread.title]


@pytest.mark.parametrize("wrong", ["", "x", "W10:x", "\u202e", "x" * 5000])
@pytest.mark.parametrize("path", ["/discussions/feed.atom", "/discussions/{pk}/feed.atom"])
def test_a_key_that_was_made_up_opens_nothing(client, bread, path, wrong):
    assert client.get(path.format(pk=bread.pk), {"key": wrong}).status_code == 404


def test_a_new_address_shuts_the_one_before(client, alice, key, bread):
    newer = services.renew_feed_key(by=alice)

    statuses = [client.get("/discussions/feed.atom", {"key": each}).status_code for each in (key, newer)]

    assert statuses == [404, 200]


def test_who_may_not_sign_in_any_more_reads_nothing(client, alice, key):
    alice.is_active = False
    alice.save(update_fields=["is_active"])

    assert client.get("/discussions/feed.atom", {"key": key}).status_code == 404


def test_signs_that_xml_cannot_hold_are_left_out(client, key, bread, bob):
    factories.comment(on=bread, by=bob, body="A \x01 bell \x07 & <b>")

    response = client.get(f"/discussions/{bread.pk}/feed.atom", {"key": key})

    assert "bell" in told(response, "summary")[0]


def test_what_did_not_change_is_not_sent_again(client, key, bread):
    first = client.get("/discussions/feed.atom", {"key": key})

    again = client.get("/discussions/feed.atom", {"key": key}, headers={"If-None-Match": first["ETag"]})

    assert (first.status_code, again.status_code) == (200, 304)


@pytest.mark.parametrize("path", ["/discussions/999/feed.atom", "/discussions/tagged/nothing/feed.atom"])
def test_what_is_not_there_has_no_feed(client, key, path):
    assert client.get(path, {"key": key}).status_code == 404


def test_the_page_makes_an_address_and_a_new_one(at_alice, client, bread):
    before = at_alice.get("/discussions/feeds").content.decode()
    at_alice.post("/discussions/feeds/key")
    page = at_alice.get("/discussions/feeds")

    assert "You have no address yet." in before
    assert page.context["key"]
    assert FeedKey.objects.get().version == 1


@pytest.mark.parametrize("count", [1, 9])
def test_a_feed_costs_the_same_whatever_it_lists(client, key, bread, bob, count, django_assert_num_queries):
    for _ in range(count):
        factories.comment(on=bread, by=bob)
    client.get(f"/discussions/{bread.pk}/feed.atom", {"key": key})

    with django_assert_num_queries(4):
        client.get(f"/discussions/{bread.pk}/feed.atom", {"key": key})


@pytest.mark.django_db(transaction=True)
def test_new_addresses_at_once_are_as_many_versions_and_the_last_counts(alice):
    keys = race(*[lambda: services.renew_feed_key(by=alice)] * 4)

    assert len(set(keys)) == 4
    assert FeedKey.objects.get().version == 4
    assert [services.reader_of(key=each) for each in keys].count(alice) == 1
