"""Findable: two tags that sloppy software makes one, suggestions, finding by two, a merge, its undoing; and likes."""

from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from comments.models import Discussion
from likes import services as likes
from tagging import services
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


def sign_in(page, user):
    page.goto("/accounts/login/")
    page.fill("[name=login]", user.email)
    page.fill("[name=password]", factories.PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url("**/")


def tagged(by, title, *names):
    thing = factories.discussion(by=by, title=title)
    services.set_tags(thing=thing, names=names, by=by)
    return thing


def test_findable(new_context):
    # Not new: these are three discussions in a moment.
    alice = factories.user(name="alice", joined_at=datetime(2020, 1, 1, tzinfo=UTC))
    olga = factories.user(name="olga", superuser=True)
    tagged(alice, "Old scripts", "js", "web")
    tagged(alice, "New scripts", "javascript")
    page = new_context().new_page()
    sign_in(page, alice)

    page.goto("/discussions")
    page.get_by_role("link", name="Open a discussion").click()
    page.get_by_label("Title").fill("Two languages")
    page.get_by_label("Text").fill("Which is *older*?")
    field = page.get_by_role("combobox", name="Tags")
    field.fill("C++, c#, ")
    field.press_sequentially("javasc")
    expect(page.get_by_role("option", name="javascript")).to_be_visible()
    field.press("ArrowDown")
    field.press("Enter")
    expect(field).to_have_value("C++, c#, javascript, ")
    page.get_by_role("button", name="Put it on the noticeboard").click()
    tags = page.get_by_role("list", name="Tags")
    for name in ("C++", "c#", "javascript"):
        expect(tags.get_by_role("link", name=name, exact=True)).to_be_visible()

    tags.get_by_role("link", name="C++", exact=True).click()
    expect(page.get_by_role("heading", name="C++", level=1)).to_be_visible()
    page.get_by_role("combobox", name="And also").fill("javascript")
    page.get_by_role("button", name="Show").click()
    page.wait_for_url("**/tags/c+++javascript")
    expect(page.get_by_role("link", name="Two languages")).to_be_visible()
    expect(page.get_by_role("link", name="New scripts")).to_have_count(0)

    operator = new_context().new_page()
    sign_in(operator, olga)
    operator.goto("/admin/tagging/tag/?q=js")
    operator.get_by_role("link", name="js", exact=True).click()
    operator.get_by_role("link", name="Merge into another").click()
    operator.get_by_label("Name").fill("javascript")
    operator.get_by_label("Why?").fill("The same language")
    operator.get_by_role("button", name="Merge into another").click()
    expect(operator.get_by_text("is merged into")).to_be_visible()
    page.goto("/tags/js")
    page.wait_for_url("**/tags/javascript")
    for title in ("Old scripts", "New scripts", "Two languages"):
        expect(page.get_by_role("link", name=title)).to_be_visible()

    operator.goto("/admin/tagging/merge/")
    operator.locator("#result_list tbody a").first.click()
    operator.get_by_role("button", name="Undo this merge").click()
    expect(operator.get_by_text("is a tag of its own again")).to_be_visible()
    page.goto("/tags/js")
    expect(page.get_by_role("heading", name="js", level=1)).to_be_visible()
    expect(page.get_by_role("link", name="Old scripts")).to_be_visible()
    expect(page.get_by_role("link", name="New scripts")).to_have_count(0)


@pytest.mark.parametrize("scripts", [True, False])
def test_a_like_counts_in_its_place_by_keyboard_too(new_context, scripts):
    alice, bob = factories.user(name="alice"), factories.user(name="bob")
    thing = factories.discussion(by=alice)
    likes.set_reaction(thing=thing, kind="like", by=alice)
    page = new_context(java_script_enabled=scripts).new_page()
    sign_in(page, bob)
    page.goto(thing.get_absolute_url())
    button = page.get_by_role("button", name="Like")

    button.focus()
    page.keyboard.press("Enter")

    expect(button).to_have_attribute("aria-pressed", "true")
    expect(button).to_have_text("Like: 2")
    expect(page.get_by_role("link", name="You and Alice")).to_be_visible()
    button.click()
    expect(button).to_have_attribute("aria-pressed", "false")
    expect(button).to_have_text("Like: 1")
    # What is opened while the answer settles in its place is closed again.
    expect(page.locator(".htmx-request, .htmx-swapping, .htmx-settling, .htmx-added")).to_have_count(0)
    page.get_by_title("Say something else").click()
    page.get_by_role("button", name="Love").click()
    expect(page.get_by_role("button", name="Love:")).to_have_attribute("aria-pressed", "true")
    assert likes.read_standing(thing=thing, user=bob).counts == {"like": 1, "heart": 1}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 768, 1280])
def test_the_pages_fit_and_axe_finds_nothing(new_context, axe, scheme, width):
    alice, bob = factories.user(name="alice"), factories.user(name="bob")
    thing = tagged(alice, "A title that is rather long and goes on over the edge of a phone", "C++", "c#", "x" * 50)
    likes.set_reaction(thing=thing, kind="like", by=bob)
    likes.set_reaction(thing=thing, kind="heart", by=alice)
    services.follow_tag(tag=services.read_tags(names=["c++"])[0], kind="follow", by=alice)
    page = new_context(color_scheme=scheme, viewport={"width": width, "height": 900}).new_page()
    sign_in(page, alice)

    addresses = ["/discussions", "/discussions/new", f"/discussions/{thing.pk}", "/account/likes"]
    addresses += [f"/likes/comments.discussion/{thing.pk}", "/tags", "/tags/c++", "/tags/c+++c#".replace("#", "%23")]
    addresses += ["/tags-followed", f"/tagged/comments.discussion/{thing.pk}"]
    for address in addresses:
        page.goto(address)
        wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")

        assert (address, axe(page)) == (address, [])
        assert (address, wider) == (address, 0)
    assert Discussion.objects.count() == 1
