"""The JSON API: the routers of all apps, and what belongs to each of its answers."""

import hashlib
from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response, patch_cache_control
from ninja import NinjaAPI, Router
from ninja.operation import Operation
from ninja.parser import Parser

from comments import services as comments_services
from comments.api import router as comments
from comments.api.discussions import router as discussions
from config import api_operations, api_refusals, once, openapi
from emailqueue import services as mail
from emailqueue.api import router as mails
from featureflags.api import router as flags
from idempotency.routes import guarded_router
from lib import strict_json
from lib.problems import Refused, problem
from lib.rate_limits import Limit
from likes import services as likes_services
from likes.api import router as likes
from preferences.api import router as preferences
from quotas.api import router as files
from quotas.services.errors import QuotaError
from sessions_app import services as sessions
from sessions_app.api import router as people
from sessions_app.api_auth import BearerToken, SignedIn, count
from sessions_app.requests import Request
from tagging import services as tagging_services
from tagging.api import router as tagging
from webhooks import services as webhooks
from webhooks.api import router as hooks

View = Callable[..., HttpResponseBase]
ROUTERS = (people, preferences, flags, hooks, mails, files, likes, tagging, discussions, comments)
# What an app refuses with a sentence, and the status that says it; the nearest kind counts.
REFUSALS: dict[type[Exception], int] = {
    sessions.SessionsError: 422,
    sessions.TooManyTokens: 409,
    comments_services.CommentsError: 422,
    comments_services.ThreadLocked: 409,
    comments_services.ParentGone: 409,
    comments_services.NotYours: 403,
    comments_services.NotPossible: 409,
    comments_services.AlreadyReported: 409,
    comments_services.AlreadyAppealed: 409,
    comments_services.Muted: 403,
    comments_services.TooSoon: 429,
    webhooks.WebhookError: 422,
    webhooks.TooManyEndpoints: 409,
    webhooks.NotEnabled: 409,
    webhooks.UnderWay: 409,
    webhooks.RotatedTooOften: 409,
    mail.MailError: 422,
    mail.KeyConflict: 409,
    QuotaError: 409,
    likes_services.LikesError: 422,
    likes_services.OwnThing: 409,
    tagging_services.TaggingError: 422,
    tagging_services.UnknownTag: 404,
}


class StrictParser(Parser):
    def parse_body(self, request: HttpRequest) -> Any:
        if request.content_type != api_refusals.JSON_TYPE:
            raise api_refusals.MEDIA_TYPE
        return strict_json.read(request.body)


class HallAPI(NinjaAPI):
    """An API of the hall: each of its operations is careful, and each of its answers has what belongs to it."""

    def __init__(self, *routers: Router, namespace: str) -> None:
        super().__init__(
            title="Guildhall",
            version="1",
            urls_namespace=namespace,
            openapi_url=None,
            docs_url=None,
            auth=[BearerToken(), SignedIn()],
            parser=StrictParser(),
        )
        for kind, answer in api_refusals.ANSWERS.items():
            self.add_exception_handler(kind, answer)
        self.add_exception_handler(Exception, _explained_or_ours)
        for router in routers:
            self.add_router("", guarded_router(router, policies=once.OPERATIONS))
            for view in router.path_operations.values():
                for operation in view.operations:
                    api_operations.prepare(operation)

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
    def answer(request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
        method = request.method
        try:
            count(request, Limit("address", *settings.API_LIMIT_ADDRESS), request.client.address or "")
            _body_is_plain(request)
            response = view(request, *args, **kwargs)
            if method == "HEAD" and response.status_code == 405:
                # RFC 9110, section 9.1: whoever answers GET answers HEAD.
                request.method = "GET"
                response = view(request, *args, **kwargs)
        except Refused as refused:
            response = refused.answer()
        finally:
            request.method = method
        if response.status_code == 405:
            methods = {each.strip() for each in response["Allow"].split(",")}
            allowed = ", ".join(sorted(methods | ({"HEAD"} if "GET" in methods else set())))
            response = problem(405, detail=f"Here is only {allowed}.", headers={"Allow": allowed})
        api_operations.lead_on(request, response)
        response = _unless_known(request, response)
        patch_cache_control(response, no_store=True, private=True)
        if standing := getattr(request, "rate_limit", None):
            response["RateLimit-Policy"], response["RateLimit"] = standing.limit.policy, standing.field
        return response

    return answer


def _body_is_plain(request: Request) -> None:
    """Refuse a body that says not how long it is, of which nothing would be read, and one that is packed."""
    if "Transfer-Encoding" in request.headers and not request.headers.get("Content-Length"):
        raise Refused(411, "Say how long the body is, in `Content-Length`.")
    if request.headers.get("Content-Encoding", "identity").strip().lower() not in {"", "identity"}:
        raise Refused(
            415, "Send the body as it is, without `Content-Encoding`.", headers={"Accept-Encoding": "identity"}
        )


def _unless_known(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Return 304 in the place of what the client says it has, and no body to a HEAD."""
    if request.method not in {"GET", "HEAD"} or response.status_code != 200 or response.streaming:
        return response
    whole = cast(HttpResponse, response)
    whole.headers.setdefault("ETag", f'"{hashlib.sha256(whole.content).hexdigest()[:32]}"')
    answer = get_conditional_response(request, etag=whole["ETag"], response=whole) or whole
    if request.method == "HEAD" and answer is whole:
        whole["Content-Length"] = str(len(whole.content))
        whole.content = b""
    return answer


def _explained_or_ours(request: HttpRequest, error: Any) -> HttpResponse:
    """Say the sentence of an app's own error; let everything else reach the log and the middleware."""
    for kind in type(error).__mro__:
        if kind in REFUSALS:
            wait = getattr(error, "seconds", None)
            headers = {"Retry-After": str(wait)} if wait else None
            return problem(REFUSALS[kind], detail=str(error), headers=headers)
    raise error


api = HallAPI(*ROUTERS, namespace="api")
