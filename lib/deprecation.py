"""Operations of the JSON API that are going to leave: since when that is known (RFC 9745), and until when they stay
(RFC 8594).

@router.get("/places", ...)
@deprecated(since=date(2027, 1, 4), until=date(2028, 1, 10), instead="list_spaces")
def list_places(request): ...
"""

import functools
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, TypeVar

import structlog
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.http import http_date
from ninja.operation import Operation
from ninja.utils import contribute_operation_callback

from lib import links

log = structlog.get_logger(__name__)

NOTICE = timedelta(days=365)
View = TypeVar("View", bound=Callable[..., Any])


class TooSoon(ValueError):
    """Whoever wrote a client has not the year that the hall promises."""


def deprecated(*, since: date, until: date, instead: str) -> Callable[[View], View]:
    """Announce with each answer of an operation that it leaves; `instead` names the operation to use.

    Stands next to the function, below the router's decorator. Raise TooSoon for less than a year.
    """
    if until - since < NOTICE:
        raise TooSoon(f"{since} to {until} is less than {NOTICE.days} days")

    def decorate(view: View) -> View:
        contribute_operation_callback(
            view, functools.partial(_announce, name=view.__name__, since=since, until=until, instead=instead)
        )
        return view

    return decorate


def _announce(operation: Operation, *, name: str, since: date, until: date, instead: str) -> None:
    fields = {"Deprecation": f"@{int(_midnight(since))}", "Sunset": http_date(_midnight(until))}

    def announced(run: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
        @functools.wraps(run)
        def respond(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
            response = run(request, **kwargs)
            for field, value in fields.items():
                response.headers[field] = value
            links.add(response, f"/api/docs#{name}", rel="deprecation", type="text/html")
            # Whom to tell before it ends.
            log.info("deprecated_operation", operation=name, user_id=getattr(request.user, "pk", None))
            return response

        return respond

    operation.deprecated = True
    end = f"{until.day} {until:%B %Y}"
    operation.description = f"Leaves on {end}: use `{instead}` instead.\n\n{operation.description or ''}".rstrip()
    operation.run = announced(operation.run)  # type: ignore[method-assign]
    # Listed, so that the copy that an API binds is wrapped as well.
    operation._run_decorators = [*getattr(operation, "_run_decorators", []), announced]  # type: ignore[attr-defined]


def _midnight(day: date) -> float:
    return datetime.combine(day, time(), UTC).timestamp()
