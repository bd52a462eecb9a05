"""The pages of integrators: their endpoints, the live log, each attempt, and the catalogue of events."""

import json
from typing import Any
from uuid import UUID

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from lib import keyset
from sessions_app.requests import Request
from webhooks import catalogue, charts, services
from webhooks.forms import EndpointForm, LogForm, SinceForm, SpanForm, first_values
from webhooks.models import Attempt, Delivery, Endpoint

FORM_METHODS = ["GET", "HEAD", "POST"]


def _mine(request: Request, endpoint_id: int) -> Endpoint:
    return get_object_or_404(Endpoint.objects.visible_to(request.user), pk=endpoint_id)


def _my_delivery(request: Request, delivery_id: UUID) -> Delivery:
    rows = Delivery.objects.visible_to(request.user).select_related("endpoint")
    return get_object_or_404(rows, pk=delivery_id)


def _told(request: Request, done: bool, yes: str, no: str) -> None:
    if done:
        messages.success(request, yes)
    else:
        messages.info(request, no)


# --- Endpoints --------------------------------------------------------------------------------------------


@require_safe
def endpoint_list(request: Request) -> HttpResponse:
    endpoints = list(Endpoint.objects.visible_to(request.user).order_by("-pk"))
    return render(request, "webhooks/endpoint_list.html", {"endpoints": endpoints})


@require_http_methods(FORM_METHODS)
def endpoint_new(request: Request) -> HttpResponse:
    form = EndpointForm(request.POST or None, initial=first_values(None), is_operator=request.user.is_staff)
    if request.method == "POST" and form.is_valid():
        try:
            endpoint = services.create_endpoint(owner_id=request.user.pk, **form.wishes)
        except services.WebhookError as error:
            _say_in_form(form, error)
        else:
            messages.success(request, "The endpoint is there. Look at its secret, then send it a test.")
            return redirect("webhooks:endpoint", endpoint.pk)
    context = {"form": form, "endpoint": None}
    return render(request, "webhooks/endpoint_form.html", context, status=_status(request))


@require_http_methods(FORM_METHODS)
def endpoint_edit(request: Request, endpoint_id: int) -> HttpResponse:
    endpoint = _mine(request, endpoint_id)
    form = EndpointForm(request.POST or None, initial=first_values(endpoint), is_operator=request.user.is_staff)
    if request.method == "POST" and form.is_valid():
        try:
            version = form.cleaned_data["version"] or 0
            services.change_endpoint(endpoint_id=endpoint.pk, version=version, **form.wishes)
        except services.WebhookError as error:
            _say_in_form(form, error)
        else:
            messages.success(request, "Saved. The next delivery follows it.")
            return redirect("webhooks:endpoint", endpoint.pk)
    context = {"form": form, "endpoint": endpoint}
    return render(request, "webhooks/endpoint_form.html", context, status=_status(request))


def _status(request: Request) -> int:
    return 422 if request.method == "POST" else 200


def _say_in_form(form: EndpointForm, error: services.WebhookError) -> None:
    fields = {
        services.UrlRefused: "url",
        services.HeaderRefused: "custom_headers",
        services.FilterUnknown: "filters",
        services.NotAnOperator: "scope",
    }
    form.add_error(fields.get(type(error)), str(error))


@never_cache
@require_safe
def endpoint_detail(request: Request, endpoint_id: int) -> HttpResponse:
    endpoint = _mine(request, endpoint_id)
    fared = charts.fared(endpoint, timezone.now())
    context = {
        "endpoint": endpoint,
        "deliveries": list(Delivery.objects.of_endpoint(endpoint).order_by("-pk")[:8]),
        "rate": fared.rate,
        "succeeded": charts.draw(fared.succeeded),
        "failed": charts.draw(fared.failed),
        "waiting": Delivery.objects.of_endpoint(endpoint).pending().count(),
        "dead": Delivery.objects.of_endpoint(endpoint).dead().count(),
        "since_form": SinceForm(auto_id="recover_%s"),
    }
    return render(request, "webhooks/endpoint_detail.html", context)


@require_POST
def endpoint_pause(request: Request, endpoint_id: int) -> HttpResponse:
    done = services.pause_endpoint(endpoint_id=_mine(request, endpoint_id).pk)
    _told(request, done, "Paused. What happens meanwhile is kept for 30 days.", "It was not enabled.")
    return redirect("webhooks:endpoint", endpoint_id)


@require_POST
def endpoint_enable(request: Request, endpoint_id: int) -> HttpResponse:
    done = services.enable_endpoint(endpoint_id=_mine(request, endpoint_id).pk)
    _told(request, done, "Enabled. What waits is sent now.", "It was enabled already.")
    return redirect("webhooks:endpoint", endpoint_id)


@require_POST
@reauthentication_required
def endpoint_remove(request: Request, endpoint_id: int) -> HttpResponse:
    services.remove_endpoint(endpoint_id=_mine(request, endpoint_id).pk)
    messages.success(request, "The endpoint is removed.")
    return redirect("webhooks:endpoints")


@require_POST
def test_send(request: Request, endpoint_id: int) -> HttpResponse:
    endpoint = _mine(request, endpoint_id)
    try:
        delivery = services.send_test(endpoint_id=endpoint.pk, by=request.user)
    except services.WebhookError as error:
        messages.error(request, str(error))
        return redirect("webhooks:endpoint", endpoint.pk)
    return redirect("webhooks:delivery", delivery.pk)


@never_cache
@require_POST
@reauthentication_required
def secret_list(request: Request, endpoint_id: int) -> HttpResponse:
    """Shown on a post: no history and no cache keeps what it says."""
    endpoint = _mine(request, endpoint_id)
    context = {"endpoint": endpoint, "secrets": services.read_secrets(endpoint_id=endpoint.pk)}
    return render(request, "webhooks/secret_list.html", context)


@require_POST
@reauthentication_required
def secrets_rotate(request: Request, endpoint_id: int) -> HttpResponse:
    endpoint = _mine(request, endpoint_id)
    try:
        services.rotate_secrets(endpoint_id=endpoint.pk)
    except services.WebhookError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "There is a new secret. The one before signs beside it for another 24 hours.")
    return redirect("webhooks:endpoint", endpoint.pk)


# --- Deliveries -------------------------------------------------------------------------------------------


@never_cache
@require_safe
def delivery_list(request: Request, endpoint_id: int) -> HttpResponse:
    endpoint = _mine(request, endpoint_id)
    form = LogForm(request.GET)
    rows = Delivery.objects.of_endpoint(endpoint).matching(**form.chosen())
    try:
        page: keyset.Page[Delivery] = keyset.page(rows, by=("id",), cursor=request.GET.get("cursor", ""))
    except keyset.CursorInvalid:
        return redirect("webhooks:log", endpoint.pk)
    context = {"endpoint": endpoint, "form": form, "deliveries": page.items, "older": _older(request, page.next)}
    name = "_delivery_lines" if request.htmx else "delivery_list"  # type: ignore[attr-defined]
    return render(request, f"webhooks/{name}.html", context)


def _older(request: Request, cursor: str | None) -> str:
    if cursor is None:
        return ""
    query = request.GET.copy()
    query["cursor"] = cursor
    return query.urlencode()


@never_cache
@require_safe
def delivery_detail(request: Request, delivery_id: UUID) -> HttpResponse:
    delivery = _my_delivery(request, delivery_id)
    context = {
        "delivery": delivery,
        "body": _pretty(bytes(delivery.event.body)),
        "attempts": list(Attempt.objects.of_delivery(delivery).order_by("-number")[:50]),
    }
    return render(request, "webhooks/delivery_detail.html", context)


def _pretty(body: bytes) -> str:
    return json.dumps(json.loads(body), indent=2, ensure_ascii=False)


@require_POST
def delivery_resend(request: Request, delivery_id: UUID) -> HttpResponse:
    delivery = _my_delivery(request, delivery_id)
    try:
        services.resend_delivery(delivery_id=delivery.pk)
    except services.WebhookError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "It goes out again now, with the same webhook-id.")
    return redirect("webhooks:delivery", delivery.pk)


@require_http_methods(FORM_METHODS)
def range_resend(request: Request, endpoint_id: int) -> HttpResponse:
    endpoint = _mine(request, endpoint_id)
    form = SpanForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        span: dict[str, Any] = {name: form.cleaned_data[name] for name in ("since", "until")}
        try:
            sent = services.resend_range(endpoint_id=endpoint.pk, dead_only=not form.cleaned_data["everything"], **span)
        except services.WebhookError as error:
            form.add_error(None, str(error))
        else:
            return _went_out(request, endpoint, sent)
    context = {"form": form, "endpoint": endpoint}
    return render(request, "webhooks/range_resend.html", context, status=_status(request))


@require_POST
def endpoint_recover(request: Request, endpoint_id: int) -> HttpResponse:
    endpoint = _mine(request, endpoint_id)
    form = SinceForm(request.POST)
    if not form.is_valid():
        messages.error(request, " ".join(map(str, form.errors.get("since", []))))
        return redirect("webhooks:endpoint", endpoint.pk)
    try:
        sent = services.recover_endpoint(endpoint_id=endpoint.pk, since=form.cleaned_data["since"])
    except services.WebhookError as error:
        messages.error(request, str(error))
        return redirect("webhooks:endpoint", endpoint.pk)
    return _went_out(request, endpoint, sent)


def _went_out(request: Request, endpoint: Endpoint, sent: int) -> HttpResponseRedirect:
    words = f"{sent} deliver{'y goes' if sent == 1 else 'ies go'} out again." if sent else "There was nothing to send."
    messages.success(request, words)
    return redirect("webhooks:log", endpoint.pk)


# --- The catalogue ----------------------------------------------------------------------------------------


@require_safe
def event_list(request: Request) -> HttpResponse:
    return render(request, "webhooks/event_list.html", {"types": catalogue.types()})


@require_safe
def event_detail(request: Request, name: str) -> HttpResponse:
    try:
        kind = catalogue.get(name)
    except catalogue.NotInCatalogue as error:
        raise Http404 from error
    body = {"type": kind.name, "timestamp": "2026-11-24T20:01:13.482101Z", "data": kind.example}
    context = {
        "type": kind,
        "schema": json.dumps(kind.schema, indent=2, ensure_ascii=False),
        "example": json.dumps(body, indent=2, ensure_ascii=False),
    }
    return render(request, "webhooks/event_detail.html", context)
