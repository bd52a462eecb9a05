"""What belongs to every answer: a request id and a line in the log, the headers, and plain words for bad input
and for a part that is away."""

import re
import time
import uuid
from collections.abc import Callable

import structlog
from django.core.signals import got_request_exception
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.urls import resolve

from config import faults, metrics, views
from lib import problems

log = structlog.get_logger(__name__)

GetResponse = Callable[[HttpRequest], HttpResponse]

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}", re.ASCII)
PERMISSIONS_POLICY = ", ".join(
    f"{feature}=()"
    for feature in (
        "accelerometer",
        "browsing-topics",
        "camera",
        "display-capture",
        "geolocation",
        "gyroscope",
        "magnetometer",
        "microphone",
        "midi",
        "payment",
        "usb",
    )
)


PROBES = frozenset({"/healthz", "/readyz"})


class RequestLogMiddleware:
    """Give each request an id, write one line about it, and count it.

    An id that came with the request is kept if it is well formed, so that a proxy's log and ours agree.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        sent = request.headers.get("X-Request-ID", "")
        request_id = sent if REQUEST_ID.fullmatch(sent) else uuid.uuid4().hex
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            started = time.perf_counter()
            response = self.get_response(request)
            seconds = time.perf_counter() - started
            metrics.count(request, response, seconds)
            _write_line(request, response, seconds)
        response["X-Request-ID"] = request_id
        return response


def _write_line(request: HttpRequest, response: HttpResponse, seconds: float) -> None:
    match = request.resolver_match
    client = getattr(request, "client", None)
    # Only somebody whom the request itself asked about: a log line must not go to the database.
    user = getattr(request, "_cached_user", None)
    write = log.error if response.status_code >= 500 else log.info
    write(
        "request",
        method=(request.method or "")[:16],
        # Named by its route: the path may hold the key of a password reset.
        route=f"/{match.route}" if match else None,
        path=None if match else request.path[:200],
        status=response.status_code,
        ms=round(seconds * 1000, 1),
        user_id=getattr(user, "pk", None),
        address=client.address if client else None,
    )


@receiver(got_request_exception)
def log_exception(sender: object, request: HttpRequest | None = None, **_: object) -> None:
    log.exception("request_failed")


class SecurityHeadersMiddleware:
    """Add the headers that no library of ours sets."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response


class BadInputMiddleware:
    """Refuse what no address of ours can mean, before anything tries to look it up."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        query = request.META.get("QUERY_STRING", "")
        if "\0" in request.path_info or "\0" in query or "%00" in query or "%00" in request.path_info:
            return views.bad_request(request, reason=faults.NUL_BYTE)
        return self.get_response(request)


class ProbeMiddleware:
    """Answer those who ask whether this process lives before anything asks who they are.

    A probe calls the machine by its address and has no session; what it wants to know must not hang on a part that is
    away, whoever looks.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info not in PROBES:
            return self.get_response(request)
        request.resolver_match = resolve(request.path_info)
        answer: HttpResponse = request.resolver_match.func(request)
        return answer


class ProblemMiddleware:
    """Say every error of the JSON API as a problem, also those that a library answers with a page or with nothing."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        said = response.get("Content-Type", "").startswith(problems.CONTENT_TYPE)
        if response.status_code < 400 or said or not views.is_for_machine(request):
            return response
        kept = {name: value for name, value in response.items() if not name.startswith("Content-")}
        return problems.problem(response.status_code, headers=kept)


class PartAwayMiddleware:
    """Answer in plain words when a view failed because Postgres is away or the input cannot be stored.

    What fails outside of a view reaches `config.views.server_error`, which asks the same question.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return views.explained(request, exception)
