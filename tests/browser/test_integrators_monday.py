"""Story 8: an integrator's Monday, through the real pages, a real deliverer and a real receiver."""

import pytest
from playwright.sync_api import expect

from tests import factories, faults
from tests.browser.test_first_day import sign_in
from tests.webhooks.conftest import make_due
from tests.webhooks.receivers import Receiver, verify
from webhooks.models import Attempt, Delivery

pytestmark = pytest.mark.django_db(transaction=True)

# What a tired receiver says for an hour: four attempts within 36 minutes, then a dead letter.
LADDER = "0, 1m, 5m, 30m"


@pytest.fixture
def receiver(settings):
    with Receiver() as there:
        settings.WEBHOOK_ALLOWED_ADDRESSES = [f"127.0.0.1:{there.port}"]
        yield there


@pytest.fixture
def deliverer(receiver):
    env = {"DJANGO_SETTINGS_MODULE": "tests.settings", "HTTPS": "off"}
    env["WEBHOOK_ALLOWED_ADDRESSES"] = f"127.0.0.1:{receiver.port}"
    with faults.process(["manage.py", "deliver_webhooks"], env=env) as process:
        yield process


@pytest.fixture
def tried(deliverer):
    def wait(number):
        faults.until(lambda: Attempt.objects.count() >= number, f"{number} attempts", process=deliverer)

    return wait


def register(page, url):
    page.goto("/webhooks")
    page.get_by_role("link", name="Add an endpoint").first.click()
    page.get_by_label("URL").fill(url)
    page.get_by_label("Description").fill("Door printer")
    page.locator("[name=steps]").fill(LADDER)
    page.get_by_role("button", name="Add the endpoint").click()
    page.wait_for_url("**/webhooks/*")


def secrets_on(page, number):
    shown = page.locator("code.code")
    expect(shown).to_have_count(number)
    return shown.all_inner_texts()


def test_an_integrators_monday(new_context, receiver, tried, axe):
    alice = factories.user(name="alice")
    page = new_context().new_page()
    sign_in(page, alice.email)
    register(page, receiver.url)
    home = page.url
    page.get_by_role("button", name="Show").click()
    (first_secret,) = secrets_on(page, 1)

    # A signed event that the public library verifies.
    page.goto(home)
    page.get_by_role("button", name="Send a test").click()
    tried(1)
    assert verify(receiver.requests[0], first_secret)["type"] == "endpoint.tested"

    # The receiver fails for an hour; the log shows each step of the ladder, and then that it ended.
    receiver.answers(503, text="I am tired")
    sign_in(new_context(user_agent="Another device").new_page(), alice.email)
    tried(2)
    page.goto(home)
    page.get_by_role("link", name="device.added").click()
    for number in (2, 3, 4, 5):
        tried(number)
        page.reload()
        expect(
            page.get_by_role("heading", name="Attempts").locator("xpath=../..").get_by_text("503")
        ).not_to_have_count(0)
        expect(page.locator("article.operation")).to_have_count(number - 1)
        expect(page.get_by_text("I am tired").first).to_be_visible()
        make_due()
    page.reload()
    expect(page.locator(".page-head").get_by_text("dead letter")).to_be_visible()
    assert not axe(page)

    # It is mended, and the gap is sent again; the receiver knows the event by its id.
    receiver.answers(204)
    page.goto(home)
    page.get_by_role("link", name="Resend a span of time").click()
    page.get_by_label("From").fill("2020-01-01T00:00")
    page.get_by_role("button", name="Resend").click()
    expect(page.get_by_text("1 delivery goes out again")).to_be_visible()
    tried(6)
    faults.until(lambda: not Delivery.objects.exclude(state="delivered").exists(), "everything delivered")
    gap = receiver.requests[1:]
    assert {verify(request, first_secret)["type"] for request in gap} == {"device.added"}
    assert len({request.message_id for request in gap}) == len({request.body for request in gap}) == 1

    # Rotated: for a day both secrets verify what comes.
    page.goto(home)
    page.get_by_role("button", name="Rotate").click()
    expect(page.get_by_text("signs beside it for another 24 hours")).to_be_visible()
    page.get_by_role("button", name="Show").click()
    both = secrets_on(page, 2)
    assert first_secret in both
    page.goto(home)
    page.get_by_role("button", name="Send a test").click()
    tried(7)
    newest = receiver.requests[-1]
    assert {verify(newest, secret)["type"] for secret in both} == {"endpoint.tested"}
