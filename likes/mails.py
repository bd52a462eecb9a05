"""The mail that tells owners of reactions, outside of any transaction."""

from typing import NamedTuple

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse

from sessions_app.models import User


class Line(NamedTuple):
    """One thing: "Bob and 14 others" liked it."""

    told: str
    title: str
    link: str


def liked(*, user: User, lines: list[Line]) -> None:
    """Tell an owner in one mail what was said to all that is theirs."""
    more = f" and {len(lines) - 1} more" if len(lines) > 1 else ""
    subject = f"{lines[0].told} liked “{_short(lines[0].title)}”{more}"
    context = {
        "user": user,
        "lines": lines,
        "mute": settings.BASE_URL + reverse("likes:mine"),
        "hall": settings.HALL_NAME,
        "subject": subject,
    }
    mail = EmailMultiAlternatives(
        subject=f"{subject} · {settings.HALL_NAME}",
        body=render_to_string("likes/email/liked.txt", context),
        to=[user.email],
    )
    mail.attach_alternative(render_to_string("likes/email/liked.html", context), "text/html")
    mail.send()


def _short(title: str) -> str:
    line = " ".join(title.split())
    return line if len(line) <= 60 else f"{line[:59]}…"
