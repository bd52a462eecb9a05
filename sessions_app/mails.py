"""The mails that this app sends, outside of any transaction."""

import structlog
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from sessions_app import clients
from sessions_app.clients import Client
from sessions_app.models import User

log = structlog.get_logger(__name__)


def new_device(*, user: User, client: Client, token: str) -> None:
    """Name the browser, the system and the time of a sign-in, with the link that ends it."""
    link = settings.BASE_URL + reverse("sessions_app:not_me", args=[token])
    context = {"user": user, "label": clients.label(client.user_agent), "at": timezone.now(), "link": link}
    _send(user, "A new device signed in", "new_device", context)


def session_displaced(*, user: User, labels: list[str]) -> None:
    """Say which sessions gave way because there may be only so many."""
    context = {
        "user": user,
        "labels": labels,
        "most": settings.SESSION_MAX_PER_PERSON,
        "link": settings.BASE_URL + reverse("sessions_app:devices"),
    }
    _send(user, "An old session was ended", "session_displaced", context)


def _send(user: User, subject: str, name: str, context: dict[str, object]) -> None:
    context |= {"hall": settings.HALL_NAME, "subject": subject}
    mail = EmailMultiAlternatives(
        subject=f"{subject} · {settings.HALL_NAME}",
        body=render_to_string(f"sessions_app/email/{name}.txt", context),
        to=[user.email],
    )
    mail.attach_alternative(render_to_string(f"sessions_app/email/{name}.html", context), "text/html")
    mail.send()
