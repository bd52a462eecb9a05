"""The registry of the ways into the hall."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory
from django.urls import resolve

from lib import navigation
from lib.navigation import Entry
from sessions_app.models import User


@pytest.fixture
def entry():
    """Register an entry for one test: `entry(name, route, place=..., menu=...)`."""
    added = []

    def add(name, route, *, menu="account", **more):
        navigation.register(menu, Entry(name, route, **more))
        added.append((menu, name))

    yield add
    for menu, name in added:
        navigation.unregister(menu, name)


def shown(path, *, menu="account", user=None):
    """Return the names with what they say of being there."""
    request = RequestFactory().get(path)
    request.user, request.resolver_match = user or User(), resolve(path)
    return {link.name: link.current for link in navigation.links(menu, request)}


def test_entries_stand_by_place_and_then_by_registration(entry):
    for name, place in [("Last", 99), ("First", -2), ("Second", -1), ("Third", -1)]:
        entry(name, "home", place=place)

    names = list(shown("/"))

    assert names[:3] == ["First", "Second", "Third"]
    assert names[-1] == "Last"


def test_a_page_and_what_is_below_it_count_as_being_there():
    pages = ["/account/tokens", "/account/tokens/new", "/account/devices"]

    currents = [shown(page)["API tokens"] for page in pages]

    assert currents == ["page", "true", ""]


def test_an_address_that_only_begins_alike_is_elsewhere(entry):
    entry("Reference", "api_docs")

    assert shown("/api/docs")["Reference"] == "page"
    assert shown("/api/openapi.json")["Reference"] == ""


def test_nothing_is_below_the_home_page():
    assert shown("/", menu="hall")["Home"] == "page"
    assert shown("/settings/appearance", menu="hall")["Home"] == ""


def test_pages_of_a_namespace_count_as_being_there(entry):
    entry("Look", "preferences:settings", namespace="preferences")

    assert shown("/settings/theme")["Look"] == "true"
    assert shown("/account/devices")["Look"] == ""


def test_an_entry_shows_to_whom_it_is_for(entry):
    entry("Open door", "home", shown_to=navigation.everybody)

    assert shown("/", user=AnonymousUser()) == {"Open door": "page"}
    assert "Admin" not in shown("/")
    assert "Admin" in shown("/", user=User(is_staff=True))


def test_registering_the_same_entry_twice_is_no_harm(entry):
    entry("Late", "home")

    navigation.register("account", Entry("Late", "home"))

    assert list(shown("/")).count("Late") == 1


def test_a_name_is_taken_once(entry):
    entry("Late", "home")

    with pytest.raises(ValueError, match="'Late' is registered"):
        navigation.register("account", Entry("Late", "api_docs"))


@pytest.mark.parametrize("name", ["", "Far too long a name"])
def test_a_name_that_would_not_fit_is_refused(name):
    with pytest.raises(ValueError, match="characters"):
        navigation.register("hall", Entry(name, "home"))
