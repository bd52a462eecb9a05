"""A sign-up mail goes from the form to the mail server, its story is in the admin; a letter stops at one click."""

import urllib.parse
import urllib.request

import pytest
from playwright.sync_api import expect

from emailqueue import services
from emailqueue.models import Email, EmailEvent, OptOut
from tests import factories, faults
from tests.browser.test_first_day import link_in, sign_in

pytestmark = pytest.mark.django_db(transaction=True)

ADA = "ada@example.org"


def sign_up(page):
    page.goto("/accounts/signup/")
    page.locator("input[name=display_name]").fill("Ada Ames")
    page.locator("input[name=email]").fill(ADA)
    page.locator("input[name=password1]").fill(factories.PASSWORD)
    page.locator("main form").first.locator("button").first.click()


def until_sent(number):
    faults.until(lambda: Email.objects.filter(state="sent").count() >= number, f"{number} mails are sent")


def test_a_sign_up_mail_comes_through_the_queue_and_its_story_is_in_the_admin(new_context, mail_sink, axe):
    sign_up(new_context().new_page())
    found = mail_sink.wait_for(to=ADA)
    until_sent(1)
    olga = factories.user(name="olga", superuser=True)
    desk = new_context().new_page()
    sign_in(desk, olga.email)

    desk.goto("/admin/emailqueue/email/")
    desk.locator("#searchbar").fill("Ada@Example.org")
    desk.locator("#searchbar").press("Enter")
    desk.get_by_role("row", name=found["Subject"]).get_by_role("link").first.click()

    assert "/accounts/" in link_in(found)
    lines = desk.locator(".field-story li")
    expect(lines).to_have_count(2)
    expect(lines.nth(0)).to_contain_text("queued")
    expect(lines.nth(1)).to_contain_text("sent")
    expect(desk.locator(".field-message_id")).to_contain_text(found["Message-ID"].strip("<>"))
    assert not axe(desk)


def test_a_letter_stops_at_the_one_click_of_a_mail_program_and_not_when_its_link_is_looked_at(page, mail_sink):
    services.enqueue(to=[ADA], subject="First letter", text="x", bulk=True, topic="news")
    found = mail_sink.wait_for(to=ADA, subject="First letter")
    link = found["List-Unsubscribe"].strip("<>")
    until_sent(1)

    page.goto(link)
    expect(page.get_by_text("Nothing has changed yet")).to_be_visible()
    assert not OptOut.objects.exists()

    # As RFC 8058 says: no cookie, no sign-in, no page before, one form field.
    body = urllib.parse.urlencode({"List-Unsubscribe": found["List-Unsubscribe-Post"].partition("=")[2]}).encode()
    with urllib.request.urlopen(urllib.request.Request(link, body), timeout=30) as answer:
        assert (answer.status, answer.url) == (200, link)

    services.enqueue(to=[ADA], subject="Second letter", text="x", bulk=True, topic="news")
    services.enqueue(to=[ADA], subject="New password", text="x")
    mail_sink.wait_for(to=ADA, subject="New password")
    faults.until(lambda: Email.objects.get(subject="Second letter").state == "cancelled", "the second letter ends")
    assert [mail["Subject"] for mail in mail_sink.mails] == ["First letter", "New password"]
    assert EmailEvent.objects.filter(kind="unsubscribed", address=ADA).count() == 1
