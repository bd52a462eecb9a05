"""The JSON API: the routers of all apps, and what belongs to each of its answers."""

import hashlib
from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.core.exceptions import ReauthenticationRequired
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse
from django.http.request import RawPostDataException
from django.utils.cache import get_conditional_response, patch_cache_control
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.operation import Operation
from ninja.parser import Parser

from config import once, openapi
from idempotency.routes import guarded_router
from lib import strict_json
from lib.keyset import CursorInvalid
from lib.problems import Refused, problem
from lib.rate_limits import Limit
from likes import services as likes_services
from likes.api import router as likes
from preferences.api import router as preferences
from sessions_app import services as sessions
from sessions_app.api import router as people
from sessions_app.api_auth import BearerToken, SignedIn, count, unauthorised
from sessions_app.requests import Request
from tagging import services as tagging_services
from tagging.api import router as tagging

JSON_TYPE = "application/json"
MEDIA_TYPE = Refused(415, f"Send the body as `{JSON_TYPE}`.", headers={"Accept": JSON_TYPE, "Accept-Patch": JSON_TYPE})
View = Callable[..., HttpResponse]
# What an app refuses with a sentence, and the status that says it; the nearest kind counts.
REFUSALS: dict[type[Exception], int] = {
    sessions.SessionsError: 422,
    sessions.TooManyTokens: 409,
    likes_services.LikesError: 422,
    likes_services.OwnThing: 409,
    tagging_services.TaggingError: 422,
    tagging_services.UnknownTag: 404,
}


class StrictParser(Parser):
    def parse_body(self, request: HttpRequest) -> Any:
        if request.content_type != JSON_TYPE:
            raise MEDIA_TYPE
        return strict_json.read(request.body)


class HallAPI(NinjaAPI):
    @property
    def urls(self) -> Any:
        patterns, app_name, namespace = super().urls
        for pattern in patterns:
            pattern.callback = _answering(pattern.callback)
        return patterns, app_name, namespace

    def get_openapi_operation_id(self, operation: Operation) -> str:
        return operation.view_func.__name__

    def get_openapi_schema(self, **options: Any) -> Any:
        return openapi.complete(super().get_openapi_schema(**options))


def _answering(view: Any) -> View:
    """Count the address, let the operation decide who may, and put on the answer what each answer has."""

    @login_not_required
    @wraps(view)
    def answer(request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        method = request.method
        try:
            count(request, Limit("address", *settings.API_LIMIT_ADDRESS), request.client.address or "")
            # RFC 9110, section 9.1: whoever answers GET answers HEAD.
            request.method = "GET" if method == "HEAD" else method
            response = view(request, *args, **kwargs)
        except Refused as refused:
            response = refused.answer()
        finally:
            request.method = method
        if response.status_code == 405:
            methods = {each.strip() for each in response["Allow"].split(",")}
            response["Allow"] = ", ".join(sorted(methods | ({"HEAD"} if "GET" in methods else set())))
        response = _unless_known(request, response)
        patch_cache_control(response, no_store=True, private=True)
        if standing := getattr(request, "rate_limit", None):
            response["RateLimit-Policy"], response["RateLimit"] = standing.limit.policy, standing.field
        return response

    return answer


def _unless_known(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Return 304 in the place of what the client says it has, and no body to a HEAD."""
    if request.method not in {"GET", "HEAD"} or response.status_code != 200:
        return response
    response.headers.setdefault("ETag", f'"{hashlib.sha256(response.content).hexdigest()[:32]}"')
    answer = get_conditional_response(request, etag=response["ETag"], response=response) or response
    if request.method == "HEAD" and answer is response:
        response["Content-Length"] = str(len(response.content))
        response.content = b""
    return answer


api = HallAPI(
    title="Guildhall",
    version="1",
    urls_namespace="api",
    openapi_url=None,
    docs_url=None,
    auth=[BearerToken(), SignedIn()],
    parser=StrictParser(),
)
for router in (people, preferences, likes, tagging):
    api.add_router("", guarded_router(router, policies=once.OPERATIONS))


# --- What a request can be refused for ----------------------------------------------------------------------


@api.exception_handler(Refused)
def _refused(request: HttpRequest, error: Refused) -> HttpResponse:
    return error.answer()


@api.exception_handler(AuthenticationError)
def _nobody(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    return unauthorised().answer()


@api.exception_handler(ReauthenticationRequired)
def _long_ago(request: HttpRequest, error: ReauthenticationRequired) -> HttpResponse:
    detail = "You signed in too long ago for this. Confirm it is you on the page, then send it again."
    return problem(403, type="/api/docs#reauthentication-required", detail=detail)


@api.exception_handler(Http404)
def _not_there(request: HttpRequest, error: Http404) -> HttpResponse:
    return problem(404, detail="There is no such thing, or it is not yours to see.")


@api.exception_handler(RequestDataTooBig)
def _too_big(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
    return problem(413, detail=f"Send at most {settings.DATA_UPLOAD_MAX_MEMORY_SIZE} bytes.")


@api.exception_handler(RawPostDataException)
def _read_as_form(request: HttpRequest, error: RawPostDataException) -> HttpResponse:
    return MEDIA_TYPE.answer()


@api.exception_handler(CursorInvalid)
def _no_cursor(request: HttpRequest, error: CursorInvalid) -> HttpResponse:
    return _wrong([{"in": "query", "pointer": "cursor", "detail": str(error)}])


@api.exception_handler(HttpError)
def _not_read(request: HttpRequest, error: HttpError) -> HttpResponse:
    """Ninja hides behind its own error why a body could not be read."""
    cause = error.__cause__
    if isinstance(cause, Refused):
        return cause.answer()
    if isinstance(cause, strict_json.NotStorable):
        return _wrong([{"in": "body", "pointer": cause.pointer, "detail": str(cause)}])
    detail = str(cause) if isinstance(cause, strict_json.NotJson) else str(error)
    return problem(error.status_code, detail=detail)


@api.exception_handler(ValidationError)
def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    if any(each["loc"][0] == "path" for each in error.errors):
        # An id that no row can have.
        return _not_there(request, Http404())
    return _wrong([_said(each) for each in error.errors])


def _wrong(errors: list[dict[str, str]]) -> HttpResponse:
    return problem(422, detail="Some of it cannot be taken.", errors=errors)


def _said(error: dict[str, Any]) -> dict[str, str]:
    """Name the part and what would be right, never the value: it may be a secret."""
    place, *path = error["loc"]
    # The first step into a body is our own name for it.
    steps = "".join(f"/{strict_json.escape(str(step))}" for step in path[1:])
    kinds = {"missing": "This is needed.", "extra_forbidden": "There is no such field: leave it out."}
    return {
        "in": place,
        "pointer": (steps if place == "body" else str(path[-1]))[:200],
        "detail": kinds.get(error["type"]) or error["msg"].removeprefix("Value error, "),
    }


@api.exception_handler(Exception)
def _explained_or_ours(request: HttpRequest, error: Exception) -> HttpResponse:
    """Say the sentence of an app's own error; let everything else reach the log and the middleware."""
    for kind in type(error).__mro__:
        if kind in REFUSALS:
            return problem(REFUSALS[kind], detail=str(error))
    raise error
