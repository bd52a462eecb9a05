"""The mails that this app sends, inside of the transaction that decides to."""

from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse

from quotas import allowance, resources
from quotas.models import Notice
from quotas.wording import shown


def limit_near(*, notice: Notice) -> None:
    """Say how full it is and what can be done: to the person; of groups and the hall, to the operators."""
    account = notice.account
    mine = account.user is not None
    people: list[Any] = [account.user] if mine else list(get_user_model().objects.active().filter(is_staff=True))
    kind = resources.named(account.resource)
    context = {
        "mine": mine,
        "holder": account.holder,
        "percent": int(allowance.percent(account.used, account.hard)),
        "over": notice.level == 100,
        "resource": kind.name,
        "used": shown(kind.slug, account.used),
        "limit": shown(kind.slug, account.hard or 0),
        "link": settings.BASE_URL + reverse("quotas:usage"),
        "hall": settings.HALL_NAME,
    }
    whose = "Your" if mine else f"{account.holder}:"
    context["subject"] = f"{whose} {kind.name} is {'full' if context['over'] else str(notice.level) + ' % full'}"
    for user in people:
        context["user"] = user
        mail = EmailMultiAlternatives(
            subject=f"{context['subject']} · {settings.HALL_NAME}",
            body=render_to_string("quotas/email/limit_near.txt", context),
            to=[user.email],
        )
        mail.attach_alternative(render_to_string("quotas/email/limit_near.html", context), "text/html")
        mail.send()
