"""Operator's Friday, the part about flags: roll out by a slider, see who gets it and why, kill it, undo."""

import pytest
from playwright.sync_api import expect

from featureflags import services
from featureflags.models import Flag
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def olga(live_flags):
    return factories.user(name="olga", superuser=True)


def make_flag(olga):
    state = {"key": "signup_open", "type": "boolean", "variants": {"on": True, "off": False}, "off": "off"}
    state |= {"default": "off", "rules": [{"name": "Rollout", "share": 0, "serve": "on"}]}
    return services.change_flag(state=state, version=None, why="begin", by=olga)


def sign_in(page, user):
    page.goto("/accounts/login/")
    page.fill("[name=login]", user.email)
    page.fill("[name=password]", factories.PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url("**/")


@pytest.mark.parametrize("scripts", [True, False])
def test_an_operators_friday(olga, new_context, axe, scripts):
    flag = make_flag(olga)
    page = new_context(java_script_enabled=scripts).new_page()
    stranger = new_context().new_page()
    sign_in(page, olga)

    page.goto(f"/admin/featureflags/flag/{flag.pk}/change/")
    slider = page.get_by_role("slider", name="How many of them").first
    slider.press("End")
    if scripts:
        expect(page.locator("output").first).to_have_text("100 %")
    page.get_by_label("Why do you change it?").fill("It holds")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("signup_open is saved")).to_be_visible()
    stranger.goto("/")
    expect(stranger.get_by_role("link", name="Join the hall")).to_be_visible()

    page.get_by_role("link", name="Who gets what, and why").click()
    page.get_by_label("Person").fill(olga.email)
    page.get_by_role("button", name="Explain").click()
    expect(page.get_by_text("They get “on”")).to_be_visible()

    page.goto(f"/admin/featureflags/flag/{flag.pk}/change/")
    page.get_by_role("region", name="Kill switch").get_by_label("Why").fill("It burns")
    page.get_by_role("button", name="Kill it").click()
    expect(page.get_by_text("signup_open is killed")).to_be_visible()
    stranger.goto("/accounts/signup/")
    expect(stranger.get_by_role("heading", name="Sign-up is closed")).to_be_visible()

    page.get_by_role("link", name="History").click()
    page.get_by_text("Undo", exact=True).first.click()
    page.get_by_label("Why").first.fill("Put out")
    page.get_by_role("button", name="Undo this change").first.click()
    expect(page.get_by_text("killed: yes → no")).to_be_visible()
    assert Flag.objects.get().killed_at is None


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 768, 1280])
def test_the_pages_fit_and_axe_finds_nothing(olga, new_context, axe, scheme, width):
    flag = make_flag(olga)
    page = new_context(color_scheme=scheme, viewport={"width": width, "height": 900}).new_page()
    sign_in(page, olga)

    for address in ("", "add/", f"{flag.pk}/change/", f"{flag.pk}/history/", f"{flag.pk}/explain/?person=7&context="):
        page.goto(f"/admin/featureflags/flag/{address}")
        wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")

        assert (address, axe(page)) == (address, [])
        assert (address, wider) == (address, 0)
