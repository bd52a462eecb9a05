"""What the JSON API can do, for programs (/api/openapi.json) and for people (/api/docs)."""

from functools import lru_cache

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from config import reference
from config.api import api
from config.openapi import Node

# Refusals that a status alone does not tell apart; each has a place on the page, which is its type.
KINDS = {
    "insufficient-scope": "The token may not do this. Make one with the scope that the answer names.",
    "session-required": "Only the person may do this, on the page or from a page: no token is enough.",
    "reauthentication-required": "The person signed in over five minutes ago: they confirm it is them, then try again.",
    "csrf": "A request with a session cookie came without X-CSRFToken. A program sends a token instead.",
}


@lru_cache(maxsize=1)
def document() -> Node:
    """Return the OpenAPI document; it changes only with the code."""
    made: Node = api.get_openapi_schema()
    return made


@csrf_exempt
@login_not_required
@require_safe
def openapi(request: HttpRequest) -> HttpResponse:
    return JsonResponse(document())


@csrf_exempt
@login_not_required
@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    context = {
        "sections": reference.sections(document(), base=settings.BASE_URL),
        "base_url": settings.BASE_URL,
        "person": settings.API_LIMIT_PERSON,
        "address": settings.API_LIMIT_ADDRESS,
        "kinds": KINDS.items(),
    }
    return render(request, "api/docs.html", context)
