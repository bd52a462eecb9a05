"""The long discussion of the demo hall: ten thousand comments, copied in one statement, whose trigger counts them."""

from datetime import datetime
from random import Random

from django.db import connection

from comments import rendering
from comments.demo_talk import ANSWERS, MOST_VOTERS, OPENERS, draw_keys, votes_on
from comments.models import DEPTH_MAX, Comment, Discussion, Thread
from lib.demo import Scene
from likes.models import Reaction
from sessions_app.models import User

COUNT = 10_000
DAYS = 40
TITLE = "What should the hall be like in ten years?"
BODY = "Everybody has an opinion. *Write it down here*, answer each other, and be kind: we print the best ones."
# One in seven stands on the first level; most answer one of the last that were written.
FIRST_LEVEL = 1 / 7
LATELY = 60
VOTED_ON = 150

COPY = """
COPY comments_comment (id, thread_id, parent_id, path, author_id, state, body, body_html, renderer_version, created_at,
    published_at, verdict, reply_count, branch_count, ups, downs) FROM STDIN
"""


def crowd(scene: Scene, people: list[User]) -> dict[str, int]:
    """Let everybody talk in one discussion; returns how many comments and votes there are."""
    opened = scene.ago(days=DAYS)
    discussion = Discussion.objects.create(
        title=TITLE,
        body=BODY,
        body_html=rendering.render(BODY),
        renderer_version=rendering.VERSION,
        author=scene.random.choice(people),
        created_at=opened,
    )
    thread = Thread.objects.create(thing=discussion)
    texts = _texts()
    keys = [person.pk for person in people]
    # Before the copy begins: until it ends, its connection answers nothing else.
    places = _places(scene.random, draw_keys(COUNT), opened, scene.now)
    with connection.cursor() as cursor, cursor.copy(COPY) as copy:
        for key, path, at in places:
            body, html = scene.random.choice(texts)
            parent = path[-1] if path else None
            said = (scene.random.choice(keys), "visible", body, html, rendering.VERSION, at, at, "", 0, 0, 0, 0)
            copy.write_row((key, thread.pk, parent, [*path, key], *said))
    first = Comment.objects.filter(thread=thread, parent=None).order_by("pk")[:VOTED_ON]
    votes = [vote for comment in first for vote in votes_on(scene, comment, people, MOST_VOTERS)]
    Reaction.objects.bulk_create(votes)
    return {"comments": COUNT, "votes": len(votes)}


def _texts() -> list[tuple[str, str]]:
    bodies = [f"{opener}\n\n{answer}" for opener in OPENERS for answer in ANSWERS] + list(ANSWERS)
    return [(body, rendering.render(body)) for body in bodies]


def _places(dice: Random, keys: list[int], opened: datetime, now: datetime) -> list[tuple[int, list[int], datetime]]:
    """Return for each comment its key, the path above it, and when it was written."""
    step = (now - opened) / (len(keys) + 1)
    paths: list[list[int]] = []
    places = []
    for place, key in enumerate(keys):
        answered = dice.randint(max(0, place - LATELY), place - 1) if place and dice.random() > FIRST_LEVEL else None
        path = [*paths[answered], keys[answered]][: DEPTH_MAX - 1] if answered is not None else []
        paths.append(path)
        places.append((key, path, opened + step * (place + dice.random())))
    return places
