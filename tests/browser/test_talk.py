"""Good talk: a long discussion opens, a reply appears in place, a vote counts; moderation by keyboard; no script."""

import random

import pytest
from django.contrib.auth.models import Permission
from playwright.sync_api import expect

from comments import services
from comments.models import Comment, Report
from tests import factories
from tests.browser.hostile_bodies import BODIES, PATHOLOGICAL
from tests.browser.test_flags import sign_in
from tests.comments.conftest import LONG_AGO
from tests.comments.test_walking import grow

pytestmark = pytest.mark.django_db(transaction=True)

POST = """
async ([bodies]) => {
  const form = document.querySelector("#talk-new");
  const statuses = [];
  for (const body of bodies) {
    const fields = new FormData(form);
    fields.set("body", body);
    fields.set("idempotency_key", crypto.randomUUID());
    statuses.push((await fetch(form.action, { method: "POST", body: fields, redirect: "manual" })).status);
  }
  return statuses;
}
"""


@pytest.fixture
def alice():
    return factories.user(name="alice", joined_at=LONG_AGO)


@pytest.fixture
def bob():
    return factories.user(name="bob", joined_at=LONG_AGO)


@pytest.fixture
def mona():
    user = factories.user(name="mona")
    user.user_permissions.add(Permission.objects.get(codename="moderate", content_type__app_label="comments"))
    return user


def test_good_talk(alice, bob, mona, new_context, axe):
    discussion = factories.discussion(by=alice, title="Dust extraction")
    thread = factories.thread(on=discussion)
    for seed in range(5):
        grow(thread, bob, 2000, random.Random(seed))
    rude = factories.comment(on=discussion, by=bob, body="You cannot bake.")
    Comment.objects.filter(pk=rude.pk).update(ups=90)
    answer = factories.comment(under=rude, by=bob, body="I know.")
    page = new_context().new_page()
    sign_in(page, alice)

    page.goto(discussion.get_absolute_url())
    expect(page.get_by_text("10,002 replies")).to_be_visible()
    item = page.locator(f"#comment-{rude.pk}")
    item.get_by_role("link", name="Reply").first.click()
    form = page.locator(f"#reply-{rude.pk} form")
    form.get_by_label("Your words").fill("I **can**.")
    form.get_by_role("button", name="Reply").click()
    expect(page.locator(f"#replies-{rude.pk}").get_by_text("I can.")).to_be_visible()
    votes = item.locator(".vote").first
    votes.get_by_role("button", name="Up").click()
    expect(votes.locator(".vote-sum")).to_have_text("91")
    assert axe(page) == []

    item.get_by_role("link", name="Report").first.click()
    page.get_by_label("It is rude").check()
    page.get_by_role("button", name="Report it").click()
    expect(page.get_by_text("A moderator will look at it")).to_be_visible()

    hers = new_context().new_page()
    sign_in(hers, mona)
    hers.goto("/moderation")
    expect(hers.get_by_text("You cannot bake.")).to_be_visible()
    assert axe(hers) == []
    hers.keyboard.press("h")
    expect(hers.get_by_text("written down")).to_be_visible()

    page.goto(answer.get_absolute_url())
    expect(page.get_by_text("Hidden by a moderator: It is rude")).to_be_visible()
    expect(page.get_by_text("I know.")).to_be_visible()
    expect(page.get_by_text("You cannot bake.")).to_have_count(0)


def test_fifty_reports_are_cleared_by_keyboard_alone(alice, bob, mona, new_context):
    discussion = factories.discussion(by=alice)
    for number in range(50):
        row = factories.comment(on=discussion, by=bob, body=f"No. {number}")
        services.report_comment(comment_id=row.pk, reason="rude", note="", by=alice)
    page = new_context().new_page()
    sign_in(page, mona)

    page.goto("/moderation")
    for number in range(50):
        row = page.locator("[data-queue-item]").first
        expect(row).to_be_focused()
        page.keyboard.press("hra"[number % 3])
        expect(page.locator(".queue-settled")).to_have_count(number + 1)

    assert not Report.objects.open().exists()
    assert set(Comment.objects.values_list("state", flat=True)) == {"hidden", "removed", "visible"}


def test_without_a_script_a_reply_and_a_vote_work_too(alice, bob, new_context):
    discussion = factories.discussion(by=alice)
    row = factories.comment(on=discussion, by=bob)
    page = new_context(java_script_enabled=False).new_page()
    sign_in(page, alice)

    page.goto(discussion.get_absolute_url())
    page.get_by_role("link", name="Quote").click()
    expect(page.get_by_label("Your words")).to_have_value("> I bring salt.\n\n")
    page.get_by_label("Your words").fill("Thank you.")
    page.get_by_role("button", name="Reply").click()
    expect(page.get_by_text("Thank you.")).to_be_visible()
    page.get_by_role("button", name="Up").first.click()
    expect(page.locator(f"#comment-{row.pk} .vote-sum").first).to_have_text("1")


def test_a_draft_waits_in_the_browser_until_it_was_taken(alice, bob, new_context):
    discussion = factories.discussion(by=alice)
    context = new_context()
    page = context.new_page()
    sign_in(page, bob)

    page.goto(discussion.get_absolute_url())
    page.get_by_label("Your words").fill("My half thought")
    page.reload()
    expect(page.get_by_label("Your words")).to_have_value("My half thought")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#preview-new")).to_have_text("My half thought")
    page.get_by_role("button", name="Post").click()
    expect(page.locator("#comments").get_by_text("My half thought")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Your words")).to_have_value("")

    assert Comment.objects.count() == 1


def test_no_body_runs_a_script(alice, bob, new_context):
    discussion = factories.discussion(by=alice)
    # Without the policy of our pages, so that the HTML alone has to hold.
    context = new_context(bypass_csp=True)
    context.add_init_script("window.alarms = 0; window.alarm = () => { window.alarms += 1; };")
    page = context.new_page()
    page.set_content("<img src=x onerror=alarm()>")
    page.wait_for_function("window.alarms === 1")
    sign_in(page, bob)
    page.goto(discussion.get_absolute_url())

    statuses = page.evaluate(POST, [[*BODIES, *PATHOLOGICAL]])

    # A redirect that is not followed has the status 0; what cannot be laid out is refused.
    assert len(BODIES) == 300
    assert statuses[:300] == [0] * 300
    assert set(statuses[300:]) <= {0, 422}
    page.goto(f"{discussion.get_absolute_url()}?view=flat&sort=old")
    seen = 0
    while True:
        seen += page.locator("article.comment-said").count()
        assert page.evaluate("window.alarms") == 0
        assert page.locator(".prose :is(script, img, svg, iframe, style, form, input, details, template)").count() == 0
        older = page.get_by_role("link", name="More comments")
        if not older.count():
            break
        older.click()
        page.wait_for_load_state()
    assert seen == Comment.objects.count() >= 300
