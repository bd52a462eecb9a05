"""Operators see what a mail looks like, and what it says runs nowhere."""

import pytest
from django.urls import reverse

from emailqueue.models import Email
from tests import factories
from tests.emailqueue.conftest import queued
from tests.sessions_app.conftest import sign_in

pytestmark = pytest.mark.django_db(transaction=True)

EVIL = "<script>alert(1)</script>"


@pytest.fixture
def olga(db):
    return sign_in(factories.user(name="olga", staff=True, superuser=True))


def preview(email):
    return reverse("admin:emailqueue_email_preview", args=[email.pk])


def test_the_html_of_a_mail_may_do_nothing(olga):
    response = olga.get(preview(queued(html=f"<p>Hello</p>{EVIL}")))

    assert response["Content-Type"] == "text/html; charset=utf-8"
    assert "<p>Hello</p>" in response.content.decode()
    rules = {rule.strip() for rule in response["Content-Security-Policy"].split(";")}
    assert {"default-src 'none'", "script-src 'none'", "sandbox"} <= rules


def test_a_mail_without_html_is_shown_as_text(olga):
    response = olga.get(preview(queued(text=f"Hello {EVIL}\n", html="")))

    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert EVIL in response.content.decode()


def test_a_secret_that_expires_is_kept_back(olga):
    email = queued()
    Email.objects.filter(pk=email.pk).update(text="the code is 1234", html="<p>the code is 1234</p>")
    Email.objects.filter(pk=email.pk).update(expires_at=email.created_at.replace(year=email.created_at.year + 1))

    assert "1234" not in olga.get(preview(email)).content.decode()


def test_who_may_not_see_mails_sees_no_preview(db):
    mallory = sign_in(factories.user(name="mallory", staff=True))

    assert mallory.get(preview(queued())).status_code in {403, 404}


def test_a_mail_that_is_not_there_is_404(olga):
    assert olga.get(reverse("admin:emailqueue_email_preview", args=[2**62])).status_code == 404
