"""Posts with an idempotency key through one view that has one effect, behind our decorator or the peer's."""

import collections
import concurrent.futures
import io
import statistics
import time
import uuid
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path

from bench.rounds import percentiles
from sessions_app.models import SecurityEvent, User

OURS = not any("idempotency_key" in name for name in settings.MIDDLEWARE)
BODY = b'{"cents": 700, "to": "bob"}'
# How long the outside call of a charge takes in the race.
CHARGE_SECONDS = 0.05

if OURS:
    from idempotency.decorators import idempotent

    keyed_once = idempotent(required=True)
else:
    from idempotency_key.decorators import idempotency_key as keyed_once


def somebody(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    def middleware(request: HttpRequest) -> HttpResponse:
        request.user = person[0]
        return get_response(request)

    return middleware


@transaction.atomic(durable=True)
def have_effect() -> int:
    return SecurityEvent.objects.create(kind=SecurityEvent.Kind.SIGNED_IN, user=person[0], note="charge").pk


def plain(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"id": have_effect()}, status=201)


@keyed_once
def keyed(request: HttpRequest) -> HttpResponse:
    return plain(request)


@keyed_once
def charge(request: HttpRequest) -> HttpResponse:
    time.sleep(CHARGE_SECONDS)
    return plain(request)


urlpatterns = [path("plain", plain), path("keyed", keyed), path("charge", charge)]
application = WSGIHandler()
person: list[User] = []


def begin() -> None:
    person[:] = [User.objects.get_or_create(email="person@example.org", password="unusable")[0]]
    assert post("/keyed", str(uuid.uuid4())) == 201


def post(page: str, key: str) -> int:
    """Ask the application as a web server does; return the status."""
    said: list[Any] = []
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": page,
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(BODY)),
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_IDEMPOTENCY_KEY": key,
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(BODY),
    }
    response = application(environ, lambda status, headers: said.append(status))
    b"".join(response)
    response.close()
    return int(said[0][:3])


def _seconds(page: str, key: str) -> float:
    start = time.perf_counter()
    post(page, key)
    return time.perf_counter() - start


def first_requests(page: str, times: int) -> dict[str, float]:
    return percentiles([_seconds(page, str(uuid.uuid4())) for _ in range(times)], per="ms")


def added(times: int) -> float:
    """Return what a key adds to the median of the view, asked in turns with the view without one, in ms."""
    pairs = [(_seconds("/plain", ""), _seconds("/keyed", str(uuid.uuid4()))) for _ in range(times)]
    bare, with_key = zip(*pairs, strict=True)
    return (statistics.median(with_key) - statistics.median(bare)) * 1000


def replays(times: int) -> dict[str, float]:
    key = str(uuid.uuid4())
    post("/keyed", key)
    return percentiles([_seconds("/keyed", key) for _ in range(times)], per="ms")


def retry(key: str, times: int, threads: int) -> dict[str, int]:
    """Send the same request so often at once; return how often each status came back."""

    def once(_: int) -> int:
        try:
            return post("/charge", key)
        finally:
            connection.close()

    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        return {str(status): count for status, count in collections.Counter(pool.map(once, range(times))).items()}


def effects() -> int:
    return SecurityEvent.objects.filter(note="charge").count()
