"""What happens to a choice that was made before its person signed in."""

from typing import Any

from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver

from preferences import services, themes
from sessions_app.models import User
from sessions_app.requests import Request


@receiver(user_logged_in)
def adopt_anonymous_choice(sender: type[User], request: Request, user: User, **_: Any) -> None:
    cookie = themes.read_cookie(request.COOKIES.get(settings.THEME_COOKIE_NAME))
    if cookie and cookie.was_chosen and services.adopt_theme(user_id=user.pk, theme=cookie.theme):
        user.refresh_from_db(fields=["profile_version"])
