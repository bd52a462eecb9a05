"""The theme, the zone and the clock of a request."""

import zoneinfo
from collections.abc import Callable
from typing import cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.functional import SimpleLazyObject

from preferences import services, themes
from preferences.services import Carried
from sessions_app.requests import Request

SESSION_KEY = "_preferences"
COOKIE_AGE_SECONDS = 400 * 24 * 3600


def theme_of_cookie(request: HttpRequest) -> themes.Theme:
    """Return the theme that the cookie alone says: for pages that may not ask the database."""
    cookie = themes.read_cookie(request.COOKIES.get(settings.THEME_COOKIE_NAME))
    return cookie.theme if cookie else themes.DEFAULT


def carried(request: Request) -> Carried | None:
    """Return the signed-in person's preferences from the session, read again when they changed; None for others."""
    return carried_by_person(request) if request.user.is_authenticated else None


def carried_by_person(request: Request) -> Carried:
    """Return the same for a request whose person is known to be signed in."""
    held = request.session.get(SESSION_KEY)
    if isinstance(held, dict) and held.get("profile") == request.user.profile_version:
        return cast(Carried, held)
    fresh = services.read(user=request.user, device_id=request.session.device_id)
    request.session[SESSION_KEY] = fresh
    return fresh


def forget_carried(request: Request) -> None:
    """Read the person's preferences again in this request: a service has just changed them."""
    request.session.pop(SESSION_KEY, None)
    request.user.refresh_from_db(fields=["profile_version", "time_zone"])


def theme_of_request(request: Request) -> themes.Theme:
    mine = carried(request)
    if mine is None:
        return theme_of_cookie(request)
    return themes.resolve(account=themes.Theme(*mine["theme"]), override=mine["device_mode"], cookie=None)


def zone_of_request(request: Request) -> zoneinfo.ZoneInfo | None:
    """Return the zone that the person chose, else their browser's, else None."""
    chosen = request.user.time_zone if request.user.is_authenticated else ""
    name = chosen or request.COOKIES.get(settings.ZONE_COOKIE_NAME, "")
    return zoneinfo.ZoneInfo(name) if name in ZONES else None


ZONES = frozenset(zoneinfo.available_timezones())


def set_theme_cookie(response: HttpResponse, cookie: themes.Cookie) -> None:
    response.set_cookie(
        settings.THEME_COOKIE_NAME,
        cookie.pack(),
        max_age=COOKIE_AGE_SECONDS,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


class ThemeMiddleware:
    """Set `request.theme` and the zone, and mirror a person's theme in the cookie for pages without a session."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: Request) -> HttpResponse:
        request.theme = SimpleLazyObject(lambda: theme_of_request(request))  # type: ignore[attr-defined]
        with timezone.override(None):
            response = self.get_response(request)
        if response.get("Content-Type", "").startswith("text/html"):
            # What a page shows depends on a cookie, whether or not this visitor has it.
            patch_vary_headers(response, ["Cookie"])
            # A view that was refused by a part that is away has no person to ask about.
            if response.status_code < 500 and hasattr(request, "_cached_user"):
                self._mirror(request, response)
        return response

    def process_view(self, request: Request, *_: object) -> None:
        timezone.activate(zone_of_request(request) or timezone.get_default_timezone())

    def _mirror(self, request: Request, response: HttpResponse) -> None:
        if not request.user.is_authenticated or settings.THEME_COOKIE_NAME in response.cookies:
            return
        wanted = themes.Cookie(theme_of_request(request), themes.MIRRORED)
        held = themes.read_cookie(request.COOKIES.get(settings.THEME_COOKIE_NAME))
        if held != wanted and (held or not wanted.theme.is_default):
            set_theme_cookie(response, wanted)
