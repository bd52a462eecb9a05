"""What of files waits for a person on the home page."""

from django.urls import reverse

from lib.waiting import Wait
from quotas.models import Notice
from quotas.wording import shown
from sessions_app.models import User


def waits(user: User) -> list[Wait]:
    """Return that storage is nearly full, unless it was put off."""
    notice = Notice.objects.shown_to(user.pk).filter(level__gte=85, account__resource="storage").first()
    if notice is None:
        return []
    used, hard = notice.account.used, notice.account.hard or 0
    return [
        Wait(
            title="Your storage is full" if notice.level == 100 else f"Your storage is {notice.level} % full",
            sentence=f"{shown('storage', used)} of {shown('storage', hard)}. See what fills it, and make room.",
            act="See what fills it",
            url=reverse("quotas:usage"),
            tone="danger" if notice.level >= 95 else "wait",
        )
    ]
