"""The pages where people stop mail and choose it, and the addresses that providers report to."""

import urllib.request
from functools import lru_cache
from typing import Any

import structlog
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import BadRequest
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from emailqueue import links, webhooks
from emailqueue.forms import WishesForm
from emailqueue.links import LinkInvalid
from emailqueue.services import reports, wishes
from emailqueue.webhooks import BodyInvalid, NotProved
from lib.problems import problem
from sessions_app.requests import Request

log = structlog.get_logger(__name__)

FETCH_SECONDS = 5
FETCH_BYTES = 100_000


# No token: a mail program sends this without a cookie (RFC 8058), and the signature in the address is the proof.
@csrf_exempt
@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: Request, token: str) -> HttpResponse:
    """Show the question on GET, because scanners follow links; act on POST, at once and without a sign-in."""
    try:
        address, topic = links.read_unsubscribe_token(token)
    except LinkInvalid as error:
        return render(request, "emailqueue/unsubscribe.html", {"error": str(error)}, status=404)
    context = {"address": address, "topic": _title(topic), "token": token}
    if request.method == "POST":
        wish = request.POST.get("stop", "")
        if request.POST.get("List-Unsubscribe") != "One-Click" and wish not in {"topic", "everything"}:
            raise BadRequest("Send List-Unsubscribe=One-Click, or choose on the page.")
        wishes.unsubscribe(token=token, everything=wish == "everything")
        context["stopped"] = wish or "topic"
    return render(request, "emailqueue/unsubscribe.html", context)


def _title(topic: str) -> str:
    return settings.EMAIL_TOPICS.get(topic, (topic, ""))[0]


@require_http_methods(["GET", "HEAD", "POST"])
def wishes_page(request: Request) -> HttpResponse:
    held = wishes.wishes(address=request.user.email)
    if request.method != "POST":
        return _wishes(request, WishesForm(initial=_initial(held)), held)
    form = WishesForm(request.POST)
    if not form.is_valid():
        return _wishes(request, form, held, status=400)
    cleaned = form.cleaned_data
    wishes.choose(
        address=request.user.email,
        wanted=cleaned["topics"],
        everything_off=cleaned["everything_off"],
        noted=cleaned["noted"],
        source="page",
    )
    messages.success(request, "Saved. It holds from the next mail on.")
    return redirect("emailqueue:wishes")


def _initial(held: dict[str, Any]) -> dict[str, Any]:
    return {**held, "topics": [name for name, wanted in held["topics"].items() if wanted]}


def _wishes(request: Request, form: WishesForm, held: dict[str, Any], *, status: int = 200) -> HttpResponse:
    topics = form["topics"].value() or []
    rows = [(name, title, words, name in topics) for name, (title, words) in settings.EMAIL_TOPICS.items()]
    return render(request, "emailqueue/wishes.html", {"form": form, "topics": rows, "held": held}, status=status)


# --- Reports of providers -----------------------------------------------------------------------------------------


@csrf_exempt
@login_not_required
@require_POST
def postmark_reports(request: Request) -> HttpResponse:
    if not settings.EMAIL_POSTMARK_SECRET:
        raise Http404
    try:
        webhooks.proved_by_password(request.headers.get("Authorization", ""), settings.EMAIL_POSTMARK_SECRET)
        found = webhooks.of_postmark(webhooks.read(request.body))
    except (NotProved, BodyInvalid) as error:
        return _refused(error)
    reports.take_reports(source="postmark", reports=found)
    return HttpResponse(status=204)


@csrf_exempt
@login_not_required
@require_POST
def sendgrid_reports(request: Request) -> HttpResponse:
    if not settings.EMAIL_SENDGRID_KEY:
        raise Http404
    try:
        webhooks.proved_by_sendgrid(
            request.body,
            signature=request.headers.get("X-Twilio-Email-Event-Webhook-Signature", ""),
            timestamp=request.headers.get("X-Twilio-Email-Event-Webhook-Timestamp", ""),
            public_key=settings.EMAIL_SENDGRID_KEY,
        )
        found = webhooks.of_sendgrid(webhooks.read(request.body))
    except (NotProved, BodyInvalid) as error:
        return _refused(error)
    reports.take_reports(source="sendgrid", reports=found)
    return HttpResponse(status=204)


@csrf_exempt
@login_not_required
@require_POST
def ses_reports(request: Request) -> HttpResponse:
    if not settings.EMAIL_SES_TOPIC:
        raise Http404
    try:
        said = webhooks.notice(webhooks.read(request.body), certificate=fetched)
        if said.topic != settings.EMAIL_SES_TOPIC:
            raise NotProved
        found = webhooks.of_ses(said) if said.kind == "Notification" else []
    except (NotProved, BodyInvalid) as error:
        return _refused(error)
    if said.kind == "SubscriptionConfirmation" and webhooks.is_of_sns(said.subscribe_url):
        _fetch(said.subscribe_url)
    reports.take_reports(source="ses", reports=found)
    return HttpResponse(status=204)


@lru_cache(maxsize=8)
def fetched(url: str) -> bytes:
    """Return a certificate of SNS; its address was checked. Raise ValueError."""
    return _fetch(url)


def _fetch(url: str) -> bytes:
    try:
        with urllib.request.urlopen(url, timeout=FETCH_SECONDS) as answer:  # noqa: S310  (https, checked)
            return bytes(answer.read(FETCH_BYTES))
    except OSError as error:
        log.warning("sns_not_reached", error=type(error).__name__)
        raise NotProved from error


def _refused(error: Exception) -> HttpResponse:
    if isinstance(error, NotProved):
        return problem(403, detail="This does not prove to come from the provider.")
    return problem(400, detail=str(error))
