"""The mails that owners get about an endpoint, outside of any transaction."""

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse

from webhooks.models import Endpoint, Notice

SUBJECTS = {
    Notice.Kind.FAILING: "A webhook endpoint of yours is failing",
    Notice.Kind.DISABLED: "A webhook endpoint of yours was disabled",
}


def tell(*, endpoint: Endpoint, kind: str) -> None:
    """Say that an endpoint fails, or that it was disabled and why."""
    subject = SUBJECTS[Notice.Kind(kind)]
    context = {
        "user": endpoint.owner,
        "endpoint": endpoint,
        "hall": settings.HALL_NAME,
        "subject": subject,
        "link": settings.BASE_URL + reverse("webhooks:endpoint", args=[endpoint.pk]),
    }
    name = f"endpoint_{kind}"
    mail = EmailMultiAlternatives(
        subject=f"{subject} · {settings.HALL_NAME}",
        body=render_to_string(f"webhooks/email/{name}.txt", context),
        to=[endpoint.owner.email],
    )
    mail.attach_alternative(render_to_string(f"webhooks/email/{name}.html", context), "text/html")
    mail.send()
