"""The answers about a key, for programs as problem details and for people as pages, and the kept ones again."""

from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render, resolve_url
from django.urls import NoReverseMatch, reverse
from django.utils.http import url_has_allowed_host_and_scheme

from idempotency.models import Record
from idempotency.policies import Policy
from idempotency.requests import by_form
from idempotency.services import Answer
from lib.problems import problem

REPLAYED = "Idempotent-Replayed"
# Everything else is said anew to each request, and cookies above all.
HEADERS_KEPT = frozenset(
    {
        *("content-type", "content-language", "content-disposition", "location", "link", "etag", "last-modified"),
        *("hx-redirect", "hx-location", "hx-refresh", "hx-trigger", "hx-push-url", "hx-retarget", "hx-reswap"),
    }
)
RETRY_AFTER_SECONDS = 1
LOST = "This was done already. What you see here is how it stands now."
LOST_IN_PART = "This was begun, and then something failed. Look at how it stands now before you try again."
SHOWN_ONCE = "This was done already. Its answer is shown only once."


# --- Refusals ---------------------------------------------------------------------------------------------


def missing(request: HttpRequest) -> HttpResponse:
    return _refusal(
        request,
        400,
        "missing",
        "Idempotency-Key is missing",
        "This operation is done only with a key, so that it is done once.",
    )


def malformed(request: HttpRequest, reason: str) -> HttpResponse:
    detail = f"{reason} A key is 1 to 255 visible ASCII characters, raw or as a quoted string."
    return _refusal(request, 400, "malformed", "Idempotency-Key is malformed", detail)


def malformed_event(reason: str) -> HttpResponse:
    return problem(400, title="The event has no usable id", detail=reason)


def mismatch(request: HttpRequest) -> HttpResponse:
    return _refusal(
        request,
        422,
        "used",
        "Idempotency-Key is already used",
        "It was sent with another content before. Use a new key for a new request.",
    )


def outstanding(request: HttpRequest) -> HttpResponse:
    response = _refusal(
        request,
        409,
        "outstanding",
        "A request is outstanding for this Idempotency-Key",
        "The first request with this key still runs. Send this one again, unchanged.",
    )
    response["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


def _refusal(request: HttpRequest, status: int, anchor: str, title: str, detail: str) -> HttpResponse:
    policy = reverse("idempotency:policy")
    if by_form(request):
        return render(request, "idempotency/refusal.html", {"why": anchor, "detail": detail}, status=status)
    link = f'<{policy}>; rel="describedby"; type="text/html"'
    return problem(status, title=title, detail=detail, type=f"{policy}#{anchor}", headers={"Link": link})


# --- Kept answers -----------------------------------------------------------------------------------------


def keep(response: HttpResponseBase, policy: Policy, said: list[list[object]]) -> Answer:
    """Return what is kept of a response; never a cookie, and of a secret one only that it was given."""
    status = response.status_code
    headers = {name: value for name, value in response.items() if name.lower() in HEADERS_KEPT}
    if policy.secret and 200 <= status < 300:
        return Answer(Record.Answer.WITHHELD, status)
    if not isinstance(response, HttpResponse) or len(response.content) > policy.body_max:
        return Answer(Record.Answer.WITHHELD, status)
    return Answer(Record.Answer.KEPT, status, headers, response.content, said)


def replay(request: HttpRequest, record: Record, policy: Policy) -> HttpResponse:
    """Return the first answer again; where it could not be kept, say that the thing is done."""
    if record.answer == Record.Answer.KEPT:
        response = HttpResponse(bytes(record.body or b""), status=record.status, headers=record.headers)
        _say_again(request, record.messages)
    elif by_form(request):
        response = _page_again(request, record, policy)
    else:
        response = _problem_again(record, policy)
    response[REPLAYED] = "true"
    return response


def _problem_again(record: Record, policy: Policy) -> HttpResponse:
    link = {"Link": f'<{reverse("idempotency:policy")}>; rel="describedby"; type="text/html"'}
    about = f"{reverse('idempotency:policy')}#lost"
    if (record.status or 200) >= 500:
        return problem(
            record.status or 500, title="Failed after it had begun", detail=LOST_IN_PART, type=about, headers=link
        )
    if record.answer == Record.Answer.WITHHELD:
        return problem(
            record.status or 200, title="Done already", detail=policy.said or SHOWN_ONCE, type=about, headers=link
        )
    return problem(200, title="Done already; its answer was lost", detail=LOST, type=about, headers=link)


def _page_again(request: HttpRequest, record: Record, policy: Policy) -> HttpResponse:
    if (record.status or 200) >= 500:
        messages.warning(request, LOST_IN_PART)
    elif record.answer == Record.Answer.WITHHELD:
        messages.info(request, policy.said or SHOWN_ONCE)
    else:
        messages.info(request, LOST)
    return HttpResponseRedirect(_way_back(request, policy), status=303)


def _way_back(request: HttpRequest, policy: Policy) -> str:
    """Return the page to look at: the route's own, else the one that the form was on."""
    if policy.back:
        return reverse(policy.back)
    came_from = request.headers.get("Referer", "")
    safe = url_has_allowed_host_and_scheme(came_from, {request.get_host()}, require_https=request.is_secure())
    path = urlsplit(came_from).path
    return path if safe and path.startswith("/") and path != request.path else reverse("home")


# --- Messages ---------------------------------------------------------------------------------------------


def waiting_messages(request: HttpRequest) -> list[list[object]]:
    """Return the messages that wait for the next page, and leave them there."""
    storage = messages.get_messages(request)
    # A list where there is no storage; and what was shown in this answer waits for nothing.
    if isinstance(storage, list) or storage.used:
        return []
    found: list[list[object]] = [[message.level, str(message.message), message.extra_tags] for message in storage]
    storage.used = False
    return found


def _say_again(request: HttpRequest, said: list[list[object]]) -> None:
    there = waiting_messages(request)
    for level, text, tags in said:
        if [level, text, tags] not in there:
            messages.add_message(request, level, text, tags)  # type: ignore[arg-type]


def leads_to_an_entrance(response: HttpResponseBase) -> bool:
    """Tell whether a redirect asks the person to prove who they are: what a page says in the place of 401."""
    location = response.get("Location")
    return location is not None and urlsplit(location).path in {*_entrances()}


def _entrances() -> list[str]:
    found = [resolve_url(settings.LOGIN_URL)]
    for name in ("account_reauthenticate", "mfa_reauthenticate"):
        try:
            found.append(reverse(name))
        except NoReverseMatch:
            continue
    return found
