"""No page paints a frame in the wrong theme, by mode, system, script, person and kind (preferences, invariant 1)."""

import json
import re

import pytest
from django.conf import settings

from preferences import themes
from preferences.models import Preference
from tests import factories
from tests.browser.paints import edge_colours, near

pytestmark = pytest.mark.django_db(transaction=True)

PAGES = {"page": "/settings/appearance", "error page": "/nowhere", "admin": "/admin/"}


@pytest.fixture(scope="module")
def canvas():
    """The colour behind a page in each theme, read from the one file that has raw values."""
    css = (settings.BASE_DIR / "static/css/tokens.css").read_text()

    def colour(slot, theme):
        block = css[css.index(f'[data-{slot}-theme="{theme}"]') :]
        value = re.search(rf"--{slot}-canvas: #(\w{{6}})", block)[1]
        return tuple(bytes.fromhex(value))

    return colour


def sign_in(page, user):
    page.goto("/accounts/login/")
    page.get_by_label("mail", exact=False).first.fill(user.email)
    page.locator("input[name=password]").fill(factories.PASSWORD)
    page.locator("form[action*=login] button[type=submit], form.login button").first.click()
    page.wait_for_url(lambda url: "/accounts/login" not in url)


@pytest.mark.parametrize("signed_in", [True, False], ids=["signed in", "signed out"])
@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
@pytest.mark.parametrize("system", ["light", "dark"])
@pytest.mark.parametrize("mode", themes.MODES)
def test_every_frame_has_the_right_theme(mode, system, script, signed_in, new_context, hall, canvas):
    context = new_context(color_scheme=system, java_script_enabled=script)
    page = context.new_page()
    if signed_in:
        olga = factories.user(name="olga", superuser=True)
        Preference.objects.create(user=olga, mode=mode)
        sign_in(page, olga)
    else:
        cookie = themes.Cookie(themes.Theme(mode), themes.CHOSEN)
        context.add_cookies([{"name": settings.THEME_COOKIE_NAME, "value": cookie.pack(), "url": hall}])
    shown = system if mode == "system" else mode
    wanted = canvas("light", "paper") if shown == "light" else canvas("dark", "ink")

    painted = {kind: edge_colours(page, path) for kind, path in PAGES.items()}

    assert all(painted.values())
    wrong = {kind: [c for c in colours if not near(c, wanted)] for kind, colours in painted.items()}
    assert not any(wrong.values()), wrong


def test_the_first_page_after_signing_in_on_a_new_device_is_right(new_context, canvas):
    alice = factories.user()
    Preference.objects.create(user=alice, mode="dark")
    page = new_context(color_scheme="light").new_page()
    sign_in(page, alice)

    assert all(near(colour, canvas("dark", "ink")) for colour in edge_colours(page, "/"))


def test_a_theme_that_a_script_sets_late_is_seen_as_a_flash(page, hall, canvas):
    """The control: what Django's own admin does, in little. The eye of these tests must see it."""
    late = """<!doctype html><html style="background: rgb(250, 247, 241)"><body><h1>Late</h1>
        <script>
          requestAnimationFrame(() => setTimeout(() => {
            document.documentElement.style.background = "rgb(20, 23, 26)";
          }, 120));
        </script></body></html>"""
    page.route("**/late", lambda route: route.fulfill(body=late, content_type="text/html"))

    painted = edge_colours(page, "/late")

    assert any(near(colour, canvas("light", "paper")) for colour in painted)


def test_an_open_tab_follows_a_choice_made_in_another(new_context):
    context = new_context(color_scheme="light")
    here, there = context.new_page(), context.new_page()
    here.goto("/settings/appearance")
    there.goto("/settings/appearance")

    here.locator("details:has(form[data-theme-form]) summary").click()
    here.locator("form[data-theme-form] button[value=dark]").click()

    there.locator("html[data-theme=dark]").wait_for(state="attached", timeout=1000)
    here.locator("html[data-theme=dark]").wait_for(state="attached", timeout=1000)


def test_a_live_change_of_the_system_is_followed(new_context, canvas):
    page = new_context(color_scheme="light").new_page()
    page.goto("/settings/appearance")

    page.emulate_media(color_scheme="dark")

    background = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert background == "rgb({}, {}, {})".format(*canvas("dark", "ink"))


def test_print_is_light_whatever_was_chosen(new_context, hall):
    context = new_context()
    cookie = themes.Cookie(themes.Theme("dark"), themes.CHOSEN)
    context.add_cookies([{"name": settings.THEME_COOKIE_NAME, "value": cookie.pack(), "url": hall}])
    page = context.new_page()
    page.goto("/settings/appearance")

    page.emulate_media(media="print")

    background = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert background == "rgb(255, 255, 255)"


@pytest.mark.parametrize(
    "theme",
    [themes.Theme("light", light) for light in themes.LIGHT_THEMES]
    + [themes.Theme("dark", "paper", dark) for dark in themes.DARK_THEMES],
    ids=lambda theme: "-".join(theme[:3]),
)
def test_axe_finds_nothing_on_any_page_in_any_theme(theme, new_context, axe):
    olga = factories.user(name="olga", superuser=True)
    Preference.objects.create(user=olga, mode=theme.mode, light_theme=theme.light, dark_theme=theme.dark)
    factories.api_token(user=olga)
    page = new_context().new_page()
    found = {}
    for path in ("/accounts/login/", "/accounts/signup/", "/accounts/password/reset/"):
        page.goto(path)
        found[path] = axe(page)
    sign_in(page, olga)
    for path in SIGNED_IN:
        page.goto(path)
        found[path] = axe(page)

    wrong = {path: findings for path, findings in found.items() if findings}
    assert wrong == {}, json.dumps(wrong, indent=1)


SIGNED_IN = (
    "/",
    "/account/devices",
    "/account/security",
    "/account/tokens",
    "/settings/appearance",
    "/accounts/email/",
    "/accounts/password/change/",
    "/accounts/2fa/",
    "/api/idempotency",
    "/nowhere",
    "/admin/",
    "/admin/sessions_app/user/",
    "/admin/sessions_app/session/",
    "/admin/idempotency/record/",
)
