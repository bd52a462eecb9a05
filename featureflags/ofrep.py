"""The OpenFeature Remote Evaluation Protocol as plain functions: who may ask, what came, what goes out (OFREP 0.2).

Success always has `value`, `variant`, `reason`, `metadata`; failure always has `errorCode` and `errorDetails`, besides
`key`: public providers read these without looking whether they are there.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.cache import patch_vary_headers
from django_redis import get_redis_connection

from featureflags.evaluation import contexts
from featureflags.evaluation.bucketing import BadContext
from featureflags.evaluation.engine import Decision
from lib import rate_limits
from lib.breaker import Breaker
from sessions_app import services as sessions
from sessions_app.models import ApiToken

BODY_MAX = 262_144
PERMISSION = "featureflags.view_flag"
# Providers look reasons up in OpenFeature's own list, and fail on any other.
REASON_OF = {"PREREQUISITE_FAILED": "DISABLED"}
MINUTE_SECONDS = 60
STATUS_OF = {"FLAG_NOT_FOUND": 404, "INVALID_CONTEXT": 400, "GENERAL": 500}

_redis = Breaker(get_redis_connection, event="flag_limit_open")


class Problem(Exception):
    """An answer that refuses: OFREP's error code, the HTTP status, and a sentence."""

    def __init__(self, status: int, code: str, details: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(details)
        self.status, self.code, self.details, self.headers = status, code, details, dict(headers or {})


def answering(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Let a view raise Problem, after it was found who asks and that they may."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            _let_in(request)
            response = view(request, *args, **kwargs)
        except Problem as problem:
            response = _refusal(problem, kwargs.get("key", ""))
        response["Cache-Control"] = "private, no-cache"
        patch_vary_headers(response, ["Authorization"])
        return response

    return wrapped


def _refusal(problem: Problem, key: str) -> HttpResponse:
    body = {"errorCode": problem.code, "errorDetails": problem.details, "reason": "ERROR"} | (
        {"key": key} if key else {}
    )
    return JsonResponse(body, status=problem.status, headers=problem.headers)


def _let_in(request: HttpRequest) -> None:
    scheme, _, plain = request.headers.get("Authorization", "").partition(" ")
    token = sessions.authenticate_token(plain=plain.strip()) if scheme.lower() == "bearer" else None
    client = getattr(request, "client", None)
    who = f"token:{token.pk}" if token else f"address:{client.address if client else ''}"
    limit = rate_limits.Limit("flags", settings.FLAG_OFREP_PER_MINUTE, MINUTE_SECONDS)
    standing = rate_limits.spend(_redis, limit, who)
    if standing and not standing.allowed:
        wait = str(standing.retry_after)
        raise Problem(429, "GENERAL", f"Too many requests. Ask again in {wait} s.", {"Retry-After": wait})
    if token is None:
        challenge = {"WWW-Authenticate": 'Bearer realm="flags"'}
        raise Problem(401, "GENERAL", "Send an API token of the hall: Authorization: Bearer gh_…", challenge)
    if ApiToken.Scope.READ not in token.scopes:
        raise Problem(403, "GENERAL", "This token may not read. Make one that may.")
    if not token.user.has_perm(PERMISSION):
        raise Problem(403, "GENERAL", "The person behind this token may not see flags. An operator can change that.")


def context_in(request: HttpRequest) -> dict[str, Any]:
    """Return the context that a request carries; a missing one is empty. Raise Problem 400."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > BODY_MAX:
        raise Problem(400, "PARSE_ERROR", f"The body is larger than {BODY_MAX:,} bytes.")
    try:
        body = json.loads(request.body or b"{}")
        if not isinstance(body, dict):
            raise Problem(400, "PARSE_ERROR", "The body is not an object with a context.")
        return contexts.checked(body.get("context"))
    except BadContext as error:
        raise Problem(400, "INVALID_CONTEXT", f"The context cannot be used: {error}.") from error
    except (ValueError, RecursionError) as error:
        raise Problem(400, "PARSE_ERROR", "The body is not JSON.") from error


def told(key: str, decision: Decision, version: int) -> dict[str, Any]:
    """Return one evaluation as OFREP says it."""
    if decision.error:
        return {"key": key, "reason": "ERROR", "errorCode": decision.error, "errorDetails": decision.details}
    return {
        "key": key,
        "value": decision.value,
        "variant": decision.variant,
        "reason": REASON_OF.get(decision.reason, decision.reason),
        "metadata": {"snapshot": version, "rule": decision.rule},
    }


def one(key: str, decision: Decision, version: int) -> HttpResponse:
    if decision.error:
        raise Problem(STATUS_OF[decision.error], decision.error, decision.details)
    return JsonResponse(told(key, decision, version))


def many(request: HttpRequest, answers: list[dict[str, Any]]) -> HttpResponse:
    """Return all evaluations, or 304 when the asker has exactly these; the tag covers the context by its answers."""
    body = json.dumps({"flags": answers, "metadata": {}}, ensure_ascii=True)
    etag = f'"{hashlib.sha256(body.encode()).hexdigest()[:32]}"'
    held = {part.strip().removeprefix("W/") for part in request.headers.get("If-None-Match", "").split(",")}
    response = HttpResponse(status=304) if held & {etag, "*"} else HttpResponse(body, content_type="application/json")
    response["ETag"] = etag
    return response
