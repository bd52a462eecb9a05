"""The panels of the Operations page that belong to no app: Postgres, Redis, Celery, migrations."""

from typing import Any

from django.db import connection
from django_redis import get_redis_connection

from config import health
from config.celery import HEARTBEAT_SECONDS, KEY_PREFIX, QUEUE
from lib import operations
from lib.operations import Figure, Series, State

SAMPLES_KEY = "operations:queue"
SAMPLES_KEPT = 120
SAMPLES_SPAN = f"{SAMPLES_KEPT * HEARTBEAT_SECONDS // 3600} hours"

# From here on, an operator should look.
CONNECTIONS_MANY = 0.8
TRANSACTION_LONG_SECONDS = 60
QUEUE_LONG = 100


def register() -> None:
    operations.register("database", "Postgres", database)
    operations.register("redis", "Redis", redis)
    operations.register("celery", "Background work", celery)
    operations.register("migrations", "Migrations", migrations)


def database() -> list[Figure]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'),
                   current_setting('max_connections')::int,
                   pg_database_size(current_database()),
                   (SELECT coalesce(extract(epoch FROM max(now() - xact_start)), 0)::float
                    FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()),
                   (SELECT coalesce(sum(n_dead_tup), 0)::bigint FROM pg_stat_user_tables),
                   (SELECT coalesce(sum(n_live_tup), 0)::bigint FROM pg_stat_user_tables)
            """
        )
        connections, most, size, oldest, dead, live = cursor.fetchone()
    crowded = connections >= most * CONNECTIONS_MANY
    return [
        Figure("Connections", connections, f"of {most}", "wait" if crowded else "ok"),
        Figure("Size", size, "bytes"),
        Figure("Oldest transaction", round(oldest, 1), "s", "wait" if oldest > TRANSACTION_LONG_SECONDS else "ok"),
        Figure("Live rows", live, "rows"),
        Figure("Dead rows", dead, "rows", "wait" if dead > max(live, 10_000) else "ok"),
    ]


def redis() -> list[Figure]:
    info: dict[str, Any] = get_redis_connection().info()
    return [
        Figure("Up since", info["uptime_in_seconds"], "s", "ok"),
        Figure("Memory", info["used_memory"], "bytes"),
        Figure("Highest memory", info["used_memory_peak"], "bytes"),
        Figure("Clients", info["connected_clients"]),
        Figure("Entries pushed out", info["evicted_keys"], "", "wait" if info["evicted_keys"] else "ok"),
    ]


def queue_length() -> int:
    return int(get_redis_connection().llen(KEY_PREFIX + QUEUE))


def sample_queue() -> None:
    """Remember how long the queue is now, for the chart."""
    connection = get_redis_connection()
    with connection.pipeline() as pipeline:
        pipeline.rpush(SAMPLES_KEY, queue_length())
        pipeline.ltrim(SAMPLES_KEY, -SAMPLES_KEPT, -1)
        pipeline.execute()


def celery() -> list[Figure]:
    waiting = queue_length()
    samples = [float(value) for value in get_redis_connection().lrange(SAMPLES_KEY, 0, -1)]
    series = Series(values=samples, span=SAMPLES_SPAN)
    taken = int(get_redis_connection().hlen(f"{KEY_PREFIX}unacked"))
    return [
        Figure(
            "Waiting",
            waiting,
            "tasks",
            "wait" if waiting > QUEUE_LONG else "ok",
            series,
        ),
        Figure("In flight", taken, "tasks"),
        _alive("Worker last answered", "worker"),
        _alive("Beat last rang", "beat"),
    ]


def _alive(label: str, name: str) -> Figure:
    age = health.heartbeat_age(name)
    states: dict[str, State] = {"ok": "ok", "late": "wait"}
    state = states.get(health.heartbeat(name).state, "failed")
    return Figure(label, None if age is None else round(age), "s ago", state)


def migrations() -> list[Figure]:
    pending = health.pending_migrations()
    return [Figure("Not applied", pending, "", "failed" if pending else "ok")]
