"""The home page, and the pages for when something is wrong."""

import sys

import structlog
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from config import faults
from config.context import hall
from lib import waiting
from lib.problems import problem
from preferences.middleware import theme_of_cookie
from sessions_app.models import SecurityEvent

log = structlog.get_logger(__name__)

LATELY = 4


@login_not_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    if not request.user.is_authenticated:
        return render(request, "home.html")
    context = {
        "waits": waiting.for_person(request.user),
        "events": list(SecurityEvent.objects.visible_to(request.user).order_by("-pk")[:LATELY]),
    }
    return render(request, "home_member.html", context)


def is_for_machine(request: HttpRequest) -> bool:
    """Tell whether an error is to be said as a problem and not as a page."""
    return request.path_info.startswith("/api/") or request.path_info == "/api"


def bad_request(request: HttpRequest, exception: Exception | None = None, *, reason: str = "") -> HttpResponse:
    """Say what was wrong; without the request, because reading more of it may fail again."""
    reason = reason or faults.reason_of_refusal(exception) or ""
    log.warning("input_refused", reason=reason, error=str(exception)[:200] if exception else "")
    if is_for_machine(request):
        return problem(400, detail=reason)
    return _page_alone(request, "400.html", 400, reason=reason)


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if is_for_machine(request):
        return problem(403, detail=str(exception or ""))
    return render(request, "403.html", {"reason": str(exception or "")}, status=403)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    log.warning("csrf_refused", reason=reason)
    if is_for_machine(request):
        return problem(403, detail="Send the page's token in `X-CSRFToken`.", type="/api/docs#csrf")
    return render(request, "403_csrf.html", status=403)


def page_not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if is_for_machine(request):
        return problem(404, detail="There is nothing at this address.")
    return render(request, "404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer for whatever nobody caught: 503 or 400 when it has such a reason, else 500."""
    exception = sys.exception()
    if answer := explained(request, exception):
        return answer
    if is_for_machine(request):
        return problem(500, detail="This is our fault, and it is in our log. Nothing was changed.")
    return _page_alone(request, "500.html", 500)


def explained(request: HttpRequest, exception: BaseException | None) -> HttpResponse | None:
    """Return the page for a part that is away or for input that cannot be taken; None for a fault of ours."""
    if faults.is_part_away(exception):
        log.error("postgres_away", error=str(exception))
        return service_unavailable(request)
    reason = faults.reason_of_refusal(exception)
    if reason is None:
        return None
    # With its traceback when the database was the first to notice: a form should have.
    log.info("input_reached_too_far", exc_info=exception)
    return bad_request(request, reason=reason)


def service_unavailable(request: HttpRequest) -> HttpResponse:
    if is_for_machine(request):
        response = problem(503, detail="A part that is needed is away just now. Try again.")
    else:
        response = _page_alone(request, "503.html", 503)
    response["Retry-After"] = str(settings.RETRY_AFTER_SECONDS)
    return response


def _page_alone(request: HttpRequest, template: str, status: int, **context: str) -> HttpResponse:
    """Render a page that asks nobody anything: without the request, so no session, person or database.

    Its theme is the one that the cookie mirrors.
    """
    words = hall(request) | {"theme": theme_of_cookie(request)} | context
    response = HttpResponse(render_to_string(template, words), status=status)
    patch_vary_headers(response, ["Cookie"])
    return response
