"""Ten thousand comments of the same shape for each side: one in seven begins a thread, none is deeper than 25."""

import itertools
import random
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from django.db import connection
from django.test import Client

from bench.people import invite
from bench.rounds import durations

COUNT = 10_000
DEPTH = 25
# Most answer one of the last that were written.
LATELY = 60
FIRST_LEVEL = 1 / 7
PEOPLE = 3_000
BODY = "The lamp by the **lathe** flickers again.\n\nI took it down, cleaned both contacts; see [the page](/x)."
HTML = (
    "<p>The lamp by the <strong>lathe</strong> flickers again.</p>\n"
    '<p>I took it down, cleaned both contacts; see <a href="/x" rel="nofollow ugc noopener">the page</a>.</p>\n'
)
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
HOST = "localhost"
SHOWN = re.compile(r'id="(?:comment-|note-|c)[0-9]+"')
state: dict[str, Any] = {}
numbers = itertools.count(1)


def parents() -> list[int | None]:
    """Return for each comment which one it answers, by its place in the order of writing."""
    dice = random.Random(7)
    found: list[int | None] = []
    depths: list[int] = []
    for place in range(COUNT):
        answered = None
        if place and dice.random() > FIRST_LEVEL:
            answered = dice.randint(max(0, place - LATELY), place - 1)
            while depths[answered] >= DEPTH:
                above = found[answered]
                assert above is not None
                answered = above
        found.append(answered)
        depths.append(1 if answered is None else depths[answered] + 1)
    return found


def depths() -> list[int]:
    found: list[int] = []
    for parent in parents():
        found.append(1 if parent is None else found[parent] + 1)
    return found


def begin_ours() -> None:
    from comments import services
    from comments.demo_talk import draw_keys
    from comments.models import DEPTH_MAX, Comment, Discussion, Thread
    from sessions_app.models import User

    invite(PEOPLE)
    people = list(User.objects.order_by("pk"))
    discussion = Discussion.objects.create(
        title="The lamp", body="x", body_html="x", renderer_version=1, author=people[0], created_at=BEGAN
    )
    thread = Thread.objects.create(thing=discussion)
    keys, paths = draw_keys(COUNT), []
    rows = []
    for place, parent in enumerate(parents()):
        above = [] if parent is None else [*paths[parent], keys[parent]][: DEPTH_MAX - 1]
        paths.append(above)
        at = BEGAN + timedelta(minutes=place)
        said = (people[place % PEOPLE].pk, "visible", BODY, HTML, 1, at, at, "", 0, 0, 0, 0)
        rows.append((keys[place], thread.pk, above[-1] if above else None, [*above, keys[place]], *said))
    columns = "id, thread_id, parent_id, path, author_id, state, body, body_html, renderer_version, created_at,"
    columns += " published_at, verdict, reply_count, branch_count, ups, downs"
    copy(f"COPY comments_comment ({columns}) FROM STDIN", rows)
    settle("comments_comment", "comments_thread")
    state["people"] = itertools.cycle(people)
    state["address"] = discussion.get_absolute_url()
    state["before"] = "/discussions"
    first, deepest = Comment.objects.get(pk=keys[0]), Comment.objects.get(pk=keys[depths().index(DEPTH)])
    state["first"], state["deepest"] = first.pk, deepest.pk
    state["post"] = _post_ours(discussion.pk)
    state["answer"] = lambda parent, person, body: services.post_comment(
        thing=discussion, body=body, by=person, parent_id=parent
    )
    state["read"] = lambda: list(services.read_whole(thread=thread, user=people[0]))


def _post_ours(discussion_id: int) -> Callable[[int, str], tuple[str, dict[str, Any]]]:
    from idempotency.requests import FIELD

    return lambda parent, body: (
        f"/comments/on/comments.discussion/{discussion_id}",
        {"body": body, "parent": parent, FIELD: f"bench-{next(numbers)}-{time.time_ns()}"},
    )


def begin_peers() -> None:
    from bench.sides.threaded import beginning

    beginning.begin()


def copy(statement: str, rows: Any) -> None:
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def settle(*tables: str) -> None:
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"VACUUM ANALYZE {table}")


def page(*, address: str = "", times: int) -> dict[str, float]:
    """Ask for the page of the thing, or for that of another address, as somebody who is signed in."""
    client = Client(SERVER_NAME=HOST)
    client.force_login(next(state["people"]))
    answers: list[Any] = []
    measured = _measured([lambda: answers.append(client.get(address or state["address"]))] * times)
    assert {answer.status_code for answer in answers} == {200}
    return measured | {"comments on it": len(SHOWN.findall(answers[-1].content.decode()))}


def post(*, parent: str, times: int) -> dict[str, float]:
    """Answer over HTTP, each time as another person, who looked at a page before; `parent` is "first" or "deepest"."""
    answers: list[Any] = []

    def prepared() -> Callable[[], None]:
        client = Client(SERVER_NAME=HOST)
        client.force_login(next(state["people"]))
        assert client.get(state["before"]).status_code == 200
        address, fields = state["post"](state[parent], f"{BODY} {next(numbers)}")
        return lambda: answers.append(client.post(address, fields))

    measured = _measured([prepared() for _ in range(times)])
    assert {answer.status_code for answer in answers} == {302}
    return measured


def answer(*, parent: str, times: int, kind: str = "") -> dict[str, float]:
    """Answer without HTTP: by our service, or as the models of a peer do it."""
    act = state[f"answer {kind}".rstrip()]
    return _measured(
        [partial(act, state[parent], next(state["people"]), f"{BODY} {next(numbers)}") for _ in range(times)]
    )


def read(*, kind: str = "") -> float:
    """Return the milliseconds of reading all of the tree in its order."""
    found: list[Any] = []
    act = state[f"read {kind}".rstrip()]
    (seconds,) = durations(lambda: found.extend(act()), times=1)
    assert len(found) >= COUNT
    return seconds * 1e3


def _measured(acts: list[Callable[[], object]]) -> dict[str, float]:
    """Do one after the other; return the percentiles of one, and what one sends to the database."""
    sent = itertools.count()
    following = iter(acts)

    def counted(execute: Any, *statement: Any) -> Any:
        next(sent)
        return execute(*statement)

    with connection.execute_wrapper(counted):
        seconds = sorted(durations(lambda: next(following)(), times=len(acts)))
    return {
        "p50": seconds[len(seconds) // 2] * 1e3,
        "p95": seconds[-(-95 * len(seconds) // 100) - 1] * 1e3,
        "SQL statements": next(sent) / len(acts),
    }
