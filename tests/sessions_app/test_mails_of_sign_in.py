"""The mails about signing in are in the hall's own words, and say what to do."""

import re
from pathlib import Path
from types import SimpleNamespace

import allauth
import pytest
from allauth.account.adapter import get_adapter
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from sessions_app.models import SecurityEvent
from tests import factories

THEIRS = Path(allauth.__file__).parent / "templates"
OURS = Path(settings.BASE_DIR) / "templates"
# A code in place of the link, which the hall does not send.
NOT_SENT = {"account/email/password_reset_code"}
PREFIXES = sorted(
    path.relative_to(THEIRS).as_posix().removesuffix("_subject.txt")
    for app in ("account", "mfa")
    for path in (THEIRS / app / "email").glob("*_subject.txt")
)
LINKS = {"activate_url", "password_reset_url", "signup_url", "devices_url"}


@pytest.mark.parametrize("prefix", [each for each in PREFIXES if each not in NOT_SENT])
def test_each_is_ours_and_is_whole(prefix):
    assert (OURS / f"{prefix}_subject.txt").exists()
    text = (OURS / f"{prefix}_message.txt").read_text()
    told = {name: f"https://hall.example.org/{name}" for name in LINKS}
    told |= {name: name for name in ("code", "email", "from_email", "to_email", "deleted_email", "label", "ip")}
    user = SimpleNamespace(get_short_name="Ada & Co")

    mail = get_adapter().render_mail(
        prefix, "ada@example.org", told | {"user": user, "hall": "The <Shed>", "timestamp": timezone.now()}
    )

    assert mail.subject.endswith(f"· {settings.HALL_NAME}")
    assert "The <Shed>" in mail.body
    assert "Ada & Co" in mail.body or "get_short_name" not in text
    for name in re.findall(r"{{ (\w+) }}", text):
        assert name == "hall" or name in mail.body
    assert ("https://" in mail.body) is (prefix != "account/email/login_code")
    for html, _ in getattr(mail, "alternatives", []):
        assert "The &lt;Shed&gt;" in html
        assert 'href="https://' in html


def test_who_joins_confirms_an_address_and_changes_none(db, client, mailoutbox):
    client.post(
        reverse("account_signup"),
        {"display_name": "Ada", "email": "ada@example.org", "password1": factories.PASSWORD},
    )

    (mail,) = mailoutbox
    client.post(re.search(r"https?://[^/]+(/accounts/confirm-email/\S+)", mail.body)[1])

    kinds = set(SecurityEvent.objects.values_list("kind", flat=True))
    assert mail.subject == f"Is this your address? · {settings.HALL_NAME}"
    assert {"signed_up", "email_confirmed"} <= kinds
    assert "email_changed" not in kinds
