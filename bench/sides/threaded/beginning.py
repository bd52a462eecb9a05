"""The same ten thousand comments, in the rows of django-comments-xtd, django-mptt and django-treebeard."""

import itertools
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django_comments_xtd.forms import XtdCommentForm
from django_comments_xtd.models import XtdComment

from bench.sides.comments import BEGAN, BODY, COUNT, DEPTH, HTML, PEOPLE, copy, depths, parents, settle, state
from bench.sides.threaded.models import Article, Nested, Path


def begin() -> None:
    with connection.schema_editor() as editor:
        for model in (Article, Nested, Path):
            editor.create_model(model)
    User.objects.bulk_create(User(username=f"p{n}", email=f"p{n}@example.org") for n in range(PEOPLE))
    people = list(User.objects.order_by("pk"))
    state["people"] = itertools.cycle(people)
    state["article"] = Article.objects.create(title="The lamp")
    _begin_xtd(people)
    _begin_nested(people)
    _begin_paths(people)
    settle("django_comments", "django_comments_xtd_xtdcomment", "threaded_nested", "threaded_path")


def _begin_xtd(people: list[Any]) -> None:
    kind = ContentType.objects.get_for_model(state["article"]).pk
    answered, levels = parents(), depths()
    # As its own `save` numbers a thread: by the order in which it is read.
    replies: dict[int, list[int]] = {}
    for place, parent in enumerate(answered):
        if parent is not None:
            replies.setdefault(parent, []).append(place)
    threads, order, below = [0] * COUNT, [0] * COUNT, [0] * COUNT
    for root in (place for place, parent in enumerate(answered) if parent is None):
        waiting, number = [root], itertools.count(1)
        while waiting:
            place = waiting.pop()
            threads[place], order[place] = root + 1, next(number)
            waiting.extend(reversed(replies.get(place, [])))
    for place in reversed(range(COUNT)):
        parent = answered[place]
        if parent is not None:
            below[parent] += below[place] + 1
    said = (kind, state["article"].pk, 1)
    copy(
        "COPY django_comments (id, content_type_id, object_pk, site_id, user_id, user_name, user_email, user_url,"
        " comment, submit_date, is_public, is_removed) FROM STDIN",
        (
            (place + 1, *said, people[place % PEOPLE].pk, "", "", "", BODY, BEGAN + timedelta(minutes=place), 1, 0)
            for place in range(COUNT)
        ),
    )
    copy(
        'COPY django_comments_xtd_xtdcomment (comment_ptr_id, thread_id, parent_id, level, "order", followup,'
        " nested_count) FROM STDIN",
        (
            (
                *(place + 1, threads[place], place + 1 if answered[place] is None else answered[place] + 1),
                *(levels[place] - 1, order[place], 0, below[place]),
            )
            for place in range(COUNT)
        ),
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT setval(pg_get_serial_sequence('django_comments', 'id'), %s)", [COUNT])
    state["first"], state["deepest"] = 1, levels.index(DEPTH) + 1
    state["address"] = state["article"].get_absolute_url()
    state["before"] = "/nested"
    state["post"] = _post_xtd
    state["read xtd"] = lambda: list(XtdComment.objects.for_app_models("threaded.article"))


def _post_xtd(parent: int, body: str) -> tuple[str, dict[str, Any]]:
    form = XtdCommentForm(state["article"], comment=XtdComment.objects.get(pk=parent))
    hidden = form.generate_security_data() | {"reply_to": parent, "honeypot": "", "followup": ""}
    return "/comments/post/", hidden | {"comment": body, "name": "P", "email": "p@example.org", "url": ""}


def _begin_nested(people: list[Any]) -> None:
    rows = [
        Nested(
            pk=place + 1,
            parent_id=None if parent is None else parent + 1,
            author=people[place % PEOPLE],
            body=BODY,
            body_html=HTML,
            **{"lft": 0, "rght": 0, "tree_id": 0, "level": 0},
        )
        for place, parent in enumerate(parents())
    ]
    Nested.objects.bulk_create(rows)
    Nested.objects.rebuild()
    with connection.cursor() as cursor:
        cursor.execute("SELECT setval(pg_get_serial_sequence('threaded_nested', 'id'), %s)", [COUNT])
    state["answer nested"] = lambda parent, person, body: Nested.objects.create(
        parent=Nested.objects.get(pk=parent), author=person, body=body, body_html=HTML
    )
    state["read nested"] = lambda: list(Nested.objects.order_by("tree_id", "lft"))


def _begin_paths(people: list[Any]) -> None:
    trees: list[dict[str, Any]] = []
    nodes: list[dict[str, Any]] = []
    for place, parent in enumerate(parents()):
        words = {"author": people[place % PEOPLE].pk, "body": BODY, "body_html": HTML}
        node: dict[str, Any] = {"data": words, "id": place + 1, "children": []}
        nodes.append(node)
        (trees if parent is None else nodes[parent]["children"]).append(node)
    Path.load_bulk(trees, keep_ids=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT setval(pg_get_serial_sequence('threaded_path', 'id'), %s)", [COUNT])
    state["answer paths"] = lambda parent, person, body: Path.objects.get(pk=parent).add_child(
        author=person, body=body, body_html=HTML
    )
    state["read paths"] = lambda: list(Path.get_tree())
