"""What each operation of the JSON API does besides its own: it knows its query, leads to the next page, and says in the
document whether it takes a key."""

from functools import wraps
from typing import Any

from django.http import HttpRequest, QueryDict
from django.http.response import HttpResponseBase
from django.utils.encoding import escape_uri_path
from ninja.errors import ValidationError
from ninja.operation import Operation

from idempotency.requests import UNSAFE
from lib import links
from lib.keyset import Page
from lib.payloads import ONCE

Fault = dict[str, Any]


def prepare(operation: Operation) -> None:
    """Wrap the operation's function; to be called once, after its key was taken care of."""
    view, models = operation.view_func, [each for each in operation.models if each.__ninja_param_source__ == "query"]
    taken = {name for model in models for name in model.__ninja_flatten_map__}
    lists = {name for model in models for name in model.__ninja_collection_fields__}

    @wraps(view)
    def careful(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if faults := faults_of(request.GET, taken=taken, lists=lists):
            raise ValidationError(faults)
        result = view(request, *args, **kwargs)
        if isinstance(result, Page):
            request.next_page = result.next  # type: ignore[attr-defined]
        return result

    operation.view_func = careful
    policy = getattr(view, "idempotency", None)
    if policy is not None and UNSAFE & set(operation.methods):
        marks = {ONCE: {"required": policy.required, "secret": policy.secret}}
        operation.openapi_extra = (operation.openapi_extra or {}) | marks


def faults_of(query: QueryDict, *, taken: set[str], lists: set[str]) -> list[Fault]:
    """Return what is wrong with the names in a query: one that nobody asked for, or one that stands twice."""
    unknown = "There is no such parameter: leave it out."
    return [
        {"type": "query", "loc": ("query", name), "msg": "Name it once." if name in taken else unknown}
        for name, values in query.lists()
        if name not in taken or (len(values) > 1 and name not in lists)
    ]


def lead_on(request: HttpRequest, response: HttpResponseBase) -> None:
    """Say in Link where the page after this one is."""
    cursor = getattr(request, "next_page", None)
    if cursor is not None and response.status_code == 200:
        query = request.GET.copy()
        query["cursor"] = cursor
        links.add(response, f"{escape_uri_path(request.path)}?{query.urlencode()}", rel="next")
