"""What a request to the JSON API is refused for by the parts under it, said as problems."""

from collections.abc import Callable
from typing import Any

from allauth.core.exceptions import ReauthenticationRequired
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse
from django.http.request import RawPostDataException
from ninja.errors import AuthenticationError, HttpError, ValidationError

from lib import strict_json
from lib.keyset import CursorInvalid
from lib.problems import Refused, problem
from sessions_app.api_auth import unauthorised

JSON_TYPE = "application/json"
MEDIA_TYPE = Refused(415, f"Send the body as `{JSON_TYPE}`.", headers={"Accept": JSON_TYPE, "Accept-Patch": JSON_TYPE})


def _refused(request: HttpRequest, error: Refused) -> HttpResponse:
    return error.answer()


def _nobody(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    return unauthorised().answer()


def _long_ago(request: HttpRequest, error: ReauthenticationRequired) -> HttpResponse:
    detail = "You signed in too long ago for this. Confirm it is you on the page, then send it again."
    return problem(403, type="/api/docs#reauthentication-required", detail=detail)


def _not_there(request: HttpRequest, error: Http404) -> HttpResponse:
    return problem(404, detail="There is no such thing, or it is not yours to see.")


def _too_big(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
    return problem(413, detail=f"Send at most {settings.DATA_UPLOAD_MAX_MEMORY_SIZE} bytes.")


def _read_as_form(request: HttpRequest, error: RawPostDataException) -> HttpResponse:
    return MEDIA_TYPE.answer()


def _no_cursor(request: HttpRequest, error: CursorInvalid) -> HttpResponse:
    return _wrong([{"in": "query", "pointer": "cursor", "detail": str(error)}])


def _not_read(request: HttpRequest, error: HttpError) -> HttpResponse:
    """Ninja hides behind its own error why a body could not be read."""
    cause = error.__cause__
    if isinstance(cause, Refused):
        return cause.answer()
    if isinstance(cause, strict_json.NotStorable):
        return _wrong([{"in": "body", "pointer": cause.pointer, "detail": str(cause)}])
    detail = str(cause) if isinstance(cause, strict_json.NotJson) else str(error)
    return problem(error.status_code, detail=detail)


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


ANSWERS: dict[type[Exception], Callable[[HttpRequest, Any], HttpResponse]] = {
    Refused: _refused,
    AuthenticationError: _nobody,
    ReauthenticationRequired: _long_ago,
    Http404: _not_there,
    RequestDataTooBig: _too_big,
    RawPostDataException: _read_as_form,
    CursorInvalid: _no_cursor,
    HttpError: _not_read,
    ValidationError: _invalid,
}
