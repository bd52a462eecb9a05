"""The appearance page, and the small control in each header."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpResponse, HttpResponseBase, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from preferences import services, themes
from preferences.forms import PreferenceForm, QuickThemeForm, ThemeForm
from preferences.middleware import (
    carried_by_person,
    forget_carried,
    set_theme_cookie,
    theme_of_cookie,
    theme_of_request,
)
from preferences.models import Mode
from sessions_app.requests import Request

SAVED = "Saved. It looks like this everywhere from now on."


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def appearance(request: Request) -> HttpResponse:
    if request.user.is_authenticated:
        return _of_person(request)
    return _of_browser(request)


def _of_browser(request: Request) -> HttpResponse:
    """Let somebody who is not signed in choose for this browser."""
    theme = theme_of_cookie(request)
    form = ThemeForm(request.POST if request.method == "POST" else None, initial=_theme_fields(theme))
    if request.method != "POST":
        return _page(request, form)
    if not form.is_valid():
        return _page(request, form, status=400)
    messages.success(request, "Saved for this browser. Sign in, and it follows you.")
    response = redirect("preferences:settings")
    set_theme_cookie(response, themes.Cookie(form.theme, themes.CHOSEN))
    return response


def _of_person(request: Request) -> HttpResponse:
    form = PreferenceForm(request.POST if request.method == "POST" else None, initial=_held_fields(request))
    if request.method != "POST":
        return _page(request, form)
    if not form.is_valid():
        return _page(request, form, status=400)
    try:
        _save(request, form.cleaned_data)
    except services.StaleChoice as error:
        messages.warning(request, str(error))
        forget_carried(request)
        return _page(request, PreferenceForm(initial=_held_fields(request)), status=409)
    except services.UnknownDevice as error:
        form.add_error(None, str(error))
        return _page(request, form, status=400)
    messages.success(request, SAVED)
    return redirect("preferences:settings")


def _save(request: Request, chosen: dict[str, Any]) -> None:
    device_id, mode = chosen.pop("device"), chosen.pop("device_mode")
    services.change_preferences(user_id=request.user.pk, device_id=device_id, device_mode=mode or None, **chosen)
    forget_carried(request)


def _held_fields(request: Request) -> dict[str, Any]:
    held = carried_by_person(request)
    return _theme_fields(themes.Theme(*held["theme"])) | {
        "version": held["version"],
        "device": request.session.device_id,
        "device_mode": held["device_mode"] or "",
        "time_zone": request.user.time_zone,
        "clock": held["clock"],
        "week_start": held["week_start"],
    }


def _theme_fields(theme: themes.Theme) -> dict[str, str]:
    return {"mode": theme.mode, "light_theme": theme.light, "dark_theme": theme.dark, "motion": theme.motion}


def _page(request: Request, form: ThemeForm, *, status: int = 200) -> HttpResponse:
    return render(request, "preferences/appearance.html", {"form": form}, status=status)


# No token: it would put a cookie on each public page and keep it out of every cache. The session cookie is
# SameSite=Lax, so another site's POST comes without a person; and where the browser says that another site
# sent the form, it is refused.
@csrf_exempt
@login_not_required
@require_POST
def theme(request: Request) -> HttpResponseBase:
    """Set the mode of the account (or of the browser, when nobody is signed in), and go back to the page."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        raise PermissionDenied("Another site sent this form.")
    form = QuickThemeForm(request.POST)
    if not form.is_valid():
        raise BadRequest(f"The theme is one of: {', '.join(Mode.values)}.")
    if request.user.is_authenticated:
        return _choose_for_person(request, form)
    chosen = theme_of_cookie(request)._replace(mode=form.cleaned_data["mode"])
    return _answer(request, form, chosen, themes.Cookie(chosen, themes.CHOSEN), version=0)


def _choose_for_person(request: Request, form: QuickThemeForm) -> HttpResponseBase:
    version = form.cleaned_data["version"]
    try:
        row = services.choose_mode(
            user_id=request.user.pk,
            device_id=request.session.device_id,
            version=carried_by_person(request)["version"] if version is None else version,
            mode=form.cleaned_data["mode"],
        )
    except services.StaleChoice as error:
        messages.warning(request, str(error))
        return HttpResponseRedirect(_way_back(request, form))
    forget_carried(request)
    shown = theme_of_request(request)
    return _answer(request, form, shown, themes.Cookie(shown, themes.MIRRORED), version=row.version)


def _answer(
    request: Request, form: QuickThemeForm, chosen: themes.Theme, cookie: themes.Cookie, *, version: int
) -> HttpResponseBase:
    response: HttpResponseBase
    if request.headers.get("Accept", "").startswith("application/json"):
        response = JsonResponse({**chosen._asdict(), "version": version})
    else:
        response = HttpResponseRedirect(_way_back(request, form))
    set_theme_cookie(response, cookie)
    return response


def _way_back(request: Request, form: QuickThemeForm) -> str:
    wanted = form.cleaned_data["next"]
    if url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure()):
        return wanted
    return reverse("home")
