"""Whether this process lives (/healthz), and whether the parts that it leans on are there (/readyz)."""

import time
from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import redis
import structlog
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django_redis import get_redis_connection
from django_redis.exceptions import ConnectionInterrupted

from config.celery import HEARTBEAT_SECONDS

log = structlog.get_logger(__name__)

State = Literal["ok", "late", "away", "unknown"]

# Two rings may be lost before anybody is told.
HEARTBEAT_LATE_SECONDS = 3 * HEARTBEAT_SECONDS
HEARTBEAT_KEPT_SECONDS = 7 * 24 * 3600


class Part(NamedTuple):
    """One part of the hall. Without a needed one, no page can be served."""

    name: str
    needed: bool
    state: State
    detail: str = ""


def parts() -> list[Part]:
    """Look at each part; none of them raises."""
    database = _database()
    migrations = _migrations() if database.state == "ok" else Part("migrations", True, "unknown")
    reached = _redis()
    if reached.state == "ok":
        beats = [heartbeat("worker"), heartbeat("beat")]
    else:
        beats = [Part("worker", False, "unknown"), Part("beat", False, "unknown")]
    return [database, migrations, reached, *beats]


def _look(name: str, needed: bool, look: Callable[[], object], errors: tuple[type[Exception], ...]) -> Part:
    try:
        look()
    except errors as error:
        log.warning("part_away", part=name, error=str(error))
        return Part(name, needed, "away", type(error).__name__)
    return Part(name, needed, "ok")


def _database() -> Part:
    def look() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")

    return _look("database", True, look, (DatabaseError,))


def pending_migrations() -> int:
    """Return how many migrations this code has that the database has not."""
    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _migrations() -> Part:
    try:
        pending = pending_migrations()
    except DatabaseError as error:
        return Part("migrations", True, "away", type(error).__name__)
    return Part("migrations", True, "away" if pending else "ok", f"{pending} not applied" if pending else "")


def _redis() -> Part:
    return _look("redis", False, lambda: get_redis_connection().ping(), (redis.RedisError, ConnectionInterrupted))


def note_alive(name: str) -> None:
    """Note that the worker or the beat is alive."""
    cache.set(f"heartbeat:{name}", time.time(), HEARTBEAT_KEPT_SECONDS)


def heartbeat_age(name: str) -> float | None:
    """Return the seconds since the worker or the beat was last alive; None when nobody knows."""
    at = cache.get(f"heartbeat:{name}")
    return max(0.0, time.time() - at) if isinstance(at, float) else None


def heartbeat(name: str) -> Part:
    age = heartbeat_age(name)
    if age is None:
        return Part(name, False, "away", "never seen")
    return Part(name, False, "late" if age > HEARTBEAT_LATE_SECONDS else "ok", f"{age:.0f} s ago")


@login_not_required
@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Say that this process answers; nothing is looked at."""
    return HttpResponse("ok\n", content_type="text/plain")


@login_not_required
@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Name each part; 503 when one is away that pages need."""
    seen = parts()
    ready = all(part.state == "ok" for part in seen if part.needed)
    well = all(part.state == "ok" for part in seen)
    body: dict[str, Any] = {
        "status": "away" if not ready else "ok" if well else "degraded",
        "parts": {
            part.name: {"state": part.state, "needed": part.needed} | ({"detail": part.detail} if part.detail else {})
            for part in seen
        },
    }
    response = JsonResponse(body, status=200 if ready else 503)
    if not ready:
        response["Retry-After"] = str(settings.RETRY_AFTER_SECONDS)
    return response
