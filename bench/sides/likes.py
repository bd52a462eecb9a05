"""One hot thing and sixteen threads, each time with people who have not reacted yet."""

import threading
import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from bench.people import invite
from bench.rounds import percentiles

THREADS = 16
PEOPLE = 40_000
state: dict[str, Any] = {}


def begin_ours() -> None:
    from comments.models import Discussion
    from likes import services
    from sessions_app.models import User

    invite(PEOPLE)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE plain_like (person bigint, thing bigint, PRIMARY KEY (person, thing))")
        cursor.execute("CREATE TABLE plain_count (thing bigint PRIMARY KEY, count bigint NOT NULL)")
    author = User.objects.first()
    things = Discussion.objects.bulk_create(
        Discussion(title=f"No. {n}", body="x", body_html="x", renderer_version=1, author=author) for n in range(50)
    )
    state["things"], state["people"] = things, list(User.objects.exclude(pk=author.pk))
    state["act"] = lambda person: services.set_reaction(thing=things[0], kind="like", by=person)
    for thing in things:
        for person in state["people"][:200]:
            services.set_reaction(thing=thing, kind="like", by=person)


def begin_plain() -> None:
    begin_ours()
    state["act"] = _insert_and_upsert


def _insert_and_upsert(person: Any) -> None:
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("INSERT INTO plain_like VALUES (%s, 1)", [person.pk])
        cursor.execute(
            "INSERT INTO plain_count VALUES (1, 1) ON CONFLICT (thing) DO UPDATE SET count = plain_count.count + 1"
        )


def begin_vote() -> None:
    from bench.sides.votable.models import Article

    with connection.schema_editor() as editor:
        editor.create_model(Article)
    article = Article.objects.create(title="hot")
    state["people"] = list(range(1, PEOPLE))
    state["act"] = lambda person: Article.objects.get(pk=article.pk).votes.up(person)


def storm(*, acts: int) -> dict[str, float]:
    """Let sixteen threads act at once; return acts a second, and the percentiles of one act."""
    people = state["people"][-acts:]
    if "comments" in settings.INSTALLED_APPS:
        _forget()
    act: Callable[[Any], object] = state["act"]
    taken: list[float] = []
    barrier = threading.Barrier(THREADS + 1)

    def run(mine: list[Any]) -> None:
        connection.ensure_connection()
        barrier.wait()
        for person in mine:
            start = time.perf_counter()
            act(person)
            taken.append(time.perf_counter() - start)
        connection.close()

    threads = [threading.Thread(target=run, args=(people[number::THREADS],)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    barrier.wait()
    start = time.perf_counter()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - start
    state["people"] = state["people"][-acts:] + state["people"][:-acts]
    return {"rate": len(taken) / seconds} | percentiles(taken, per="ms")


def _forget() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM likes_reaction WHERE object_id = %s", [state["things"][0].pk])
        cursor.execute("TRUNCATE plain_like, plain_count")


def page() -> dict[str, float]:
    from bench.rounds import timings
    from likes import services

    return timings(lambda: services.standings(things=state["things"], user=state["people"][0]), times=200, per="ms")


def drift() -> int:
    from likes import services

    return len(services.reconcile_likes()[0])
