"""Eight ways into the hall fit into the header at each width, by mouse, by keyboard and without a script."""

import pytest

from lib import navigation
from lib.navigation import Entry
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)

NAMES = ["Home", "Discussions", "Bookings", "Files", "Bills", "Waitlists", "Returns", "Reference"]
# What each width shows beside each other; the rest is under "More".
BESIDE = {320: 4, 360: 4, 639: 4, 640: 2, 767: 2, 768: 3, 1023: 3, 1024: 6, 1215: 6, 1216: 8, 1280: 8}


@pytest.fixture
def eight_entries(monkeypatch):
    """Home and seven others, in place of those of the hall; the last leads to a page where it is the current one."""
    monkeypatch.setitem(navigation._entries, "hall", [])
    for place, name in enumerate(NAMES):
        route = {"Home": "home", NAMES[-1]: "api_docs"}.get(name, "openapi")
        navigation.register("hall", Entry(name, route, place=place))


def sign_in(page, user):
    page.goto("/accounts/login/")
    page.fill("[name=login]", user.email)
    page.fill("[name=password]", factories.PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url("**/")


def beside(page):
    return page.locator(".nav-list > li:not(.nav-more) > a:visible").all_inner_texts()


def reach(page):
    """Return how far the page scrolls sideways, and how tall its header is."""
    return page.evaluate(
        "[document.documentElement.scrollWidth - innerWidth, document.querySelector('.header').offsetHeight]"
    )


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_eight_entries_fit_at_each_width(script, eight_entries, new_context):
    page = new_context(java_script_enabled=script).new_page()
    sign_in(page, factories.user())
    page.goto("/api/docs")

    for width, number in BESIDE.items():
        page.set_viewport_size({"width": width, "height": 700})
        more = page.locator(".nav-open:visible")

        assert beside(page) == NAMES[:number]
        assert more.count() == (number < len(NAMES))
        assert reach(page) == [0, 65]
        if number < len(NAMES):
            more.click()
            sheet = page.locator(".nav-rest:visible")
            box = sheet.bounding_box()
            assert sheet.locator("a:visible").all_inner_texts() == NAMES[number:]
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= width
            assert box["y"] >= 0
            assert box["y"] + box["height"] <= 700
            more.click()


def test_the_page_under_more_is_marked_on_it(eight_entries, new_context):
    page = new_context(viewport={"width": 768, "height": 700}).new_page()
    sign_in(page, factories.user())

    page.goto("/")
    plain = page.locator(".nav-open:visible").evaluate("each => getComputedStyle(each).borderBlockEndColor")
    page.goto("/api/docs")
    marked = page.locator(".nav-open:visible").evaluate("each => getComputedStyle(each).borderBlockEndColor")

    assert plain == "rgba(0, 0, 0, 0)"
    assert marked not in {plain, ""}


def test_more_opens_and_closes_by_keyboard(eight_entries, new_context):
    page = new_context(viewport={"width": 360, "height": 700}).new_page()
    sign_in(page, factories.user())
    page.goto("/api/docs")
    more = page.locator(".nav-open:visible")

    more.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    focused = page.evaluate("document.activeElement.textContent")
    page.keyboard.press("Escape")

    assert focused == NAMES[4]
    assert page.locator(".nav-rest:visible").count() == 0
    assert more.evaluate("each => each === document.activeElement")


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_axe_finds_nothing_in_an_open_menu(width, eight_entries, new_context, axe):
    page = new_context(viewport={"width": width, "height": 700}).new_page()
    sign_in(page, factories.user())
    page.goto("/")
    for more in page.locator(".nav-open:visible").all():
        more.click()

    assert axe(page) == []
