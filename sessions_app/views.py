"""The pages where people see and end the places that they are signed in."""

from datetime import timedelta

from allauth.account.decorators import reauthentication_required
from allauth.account.internal.flows import password_reset
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from sessions_app import services
from sessions_app.forms import ApiTokenForm
from sessions_app.models import ApiToken, SecurityEvent, Session
from sessions_app.requests import Request

PAGE = 30


@require_safe
def device_list(request: Request) -> HttpResponse:
    sessions = Session.objects.visible_to(request.user).active().newest_first()
    context = {"sessions": list(sessions), "this_session_id": request.session.row_id}
    return render(request, "sessions_app/device_list.html", context)


@require_POST
@reauthentication_required
def device_end(request: Request, session_id: int) -> HttpResponse:
    session = get_object_or_404(Session.objects.visible_to(request.user), pk=session_id)
    if session.pk == request.session.row_id:
        return _sign_out(request, "You are signed out here.")
    if services.end_session(
        session_id=session.pk, by=request.user, reason=Session.Reason.PERSON, client=request.client
    ):
        messages.success(request, f"{session.label} is signed out.")
    else:
        messages.info(request, f"{session.label} was signed out already.")
    return redirect("sessions_app:devices")


@require_POST
@reauthentication_required
def other_devices_end(request: Request) -> HttpResponse:
    ended = services.end_other_sessions(
        user_id=request.user.pk,
        keep_session_id=request.session.row_id,
        by=request.user,
        reason=Session.Reason.PERSON,
        client=request.client,
    )
    messages.success(request, f"Signed out everywhere else: {ended} ended.")
    return redirect("sessions_app:devices")


@require_POST
@reauthentication_required
def all_devices_end(request: Request) -> HttpResponse:
    services.end_other_sessions(
        user_id=request.user.pk,
        keep_session_id=request.session.row_id,
        by=request.user,
        reason=Session.Reason.PERSON,
        client=request.client,
    )
    return _sign_out(request, "You are signed out everywhere.")


def _sign_out(request: Request, sentence: str) -> HttpResponseRedirect:
    logout(request)
    messages.success(request, sentence)
    return redirect("account_login")


@require_safe
def security_log(request: Request) -> HttpResponse:
    events = SecurityEvent.objects.visible_to(request.user).order_by("-pk")
    before = request.GET.get("before", "")
    if before.isascii() and before.isdigit() and len(before) < 19:
        events = events.filter(pk__lt=int(before))
    page = list(events[: PAGE + 1])
    context = {
        "events": page[:PAGE],
        "older": page[PAGE - 1].pk if len(page) > PAGE else None,
        "before": before,
    }
    return render(request, "sessions_app/security_log.html", context)


@require_safe
def token_list(request: Request) -> HttpResponse:
    return _token_page(request, ApiTokenForm())


@require_POST
@reauthentication_required
def token_create(request: Request) -> HttpResponse:
    form = ApiTokenForm(request.POST)
    if not form.is_valid():
        return _token_page(request, form, status=422)
    days = form.cleaned_data["expires_in_days"]
    try:
        _, plain = services.create_token(
            user_id=request.user.pk,
            name=form.cleaned_data["name"],
            scopes=form.cleaned_data["scopes"],
            expires_at=timezone.now() + timedelta(days=days) if days else None,
            client=request.client,
        )
    except services.SessionsError as error:
        form.add_error(None, str(error))
        return _token_page(request, form, status=422)
    return _token_page(request, ApiTokenForm(), plain=plain)


@require_POST
@reauthentication_required
def token_revoke(request: Request, token_id: int) -> HttpResponse:
    token = get_object_or_404(ApiToken.objects.visible_to(request.user), pk=token_id)
    services.revoke_token(token_id=token.pk, by=request.user, client=request.client)
    messages.success(request, f"“{token.name}” does not work any more.")
    return redirect("sessions_app:tokens")


def _token_page(request: Request, form: ApiTokenForm, *, plain: str = "", status: int = 200) -> HttpResponse:
    tokens = ApiToken.objects.visible_to(request.user).active().order_by("-pk")
    context = {"form": form, "tokens": list(tokens), "plain": plain}
    return render(request, "sessions_app/token_list.html", context, status=status)


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def not_me(request: Request, token: str) -> HttpResponse:
    """Show the question on GET, because mail scanners follow links; act on POST."""
    try:
        services.read_not_me(token=token)
        if request.method != "POST":
            return render(request, "sessions_app/not_me.html", {"token": token})
        user = services.disown_session(token=token, client=request.client)
    except services.LinkInvalid as error:
        return render(request, "sessions_app/not_me.html", {"error": str(error)}, status=410)
    if user is not None:
        password_reset.request_password_reset(request, user.email, [user], None)
    return redirect("account_reset_password_done")
