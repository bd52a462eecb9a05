"""What people say under the discussions of the demo hall: a tree for each, with votes."""

from collections.abc import Iterator

from django.db import connection

from comments import rendering
from comments.models import DEPTH_MAX, Comment, Discussion, Thread
from lib.demo import Scene
from likes.models import Reaction
from sessions_app.models import User

OPENERS = (
    "I was there on Tuesday and noticed the same. Who has the key on weekends?",
    "Good idea. I can help on **Saturday morning**, not before ten.",
    "We tried that two years ago, and it held for a month. The notes are in the blue folder.",
    "Could somebody post a picture? I cannot imagine it.",
    "I have most of it at home and can bring it on Thursday.",
    "Before we buy anything: the old one only needs a new belt.",
    "What does it cost, roughly? I would put in ten.",
    "I asked next door. They do not mind, as long as it ends at nine.",
    "For what it is worth, the library in town lends one out for free.",
    "Here is what I would do:\n\n1. measure first\n2. tell the others\n3. only then drill",
)
ANSWERS = (
    "Yes, exactly that.",
    "I see it differently: it was quiet last week, and nobody had changed anything.",
    "Thank you, that helps.",
    "Are you sure? The label says *12 volts*.",
    "That would be wonderful. Write to me when you know the day.",
    "It works for me since I cleaned the filter.",
    "Not on Mondays, please: the bread needs the oven.",
    "I wrote it on the board beside the door, so that it is not forgotten.",
    "Then let us try it for two weeks and talk again.",
    "Who pays for it when it breaks?",
    "The hall does. It is in the rules, under *Tools*.",
    "I did not know that. Sorry for the noise.",
    "Here it is: `bolt M6 x 40`, four of them.",
    "Mine is still going strong after six years.",
    "Could we ask Henrik? He built the first one.",
)
MOST = 45
MOST_VOTERS = 6


def talk(scene: Scene, discussions: list[Discussion], people: list[User]) -> dict[str, int]:
    """Let people talk under these discussions; nobody answers before there is something to answer."""
    comments: list[Comment] = []
    keys = iter(draw_keys(MOST * len(discussions)))
    for discussion in discussions:
        thread = Thread.objects.create(thing=discussion)
        comments += _tree(scene, thread, discussion, people, keys)
    Comment.objects.bulk_create(sorted(comments, key=lambda row: row.pk))
    votes = [vote for comment in comments for vote in votes_on(scene, comment, people, MOST_VOTERS)]
    Reaction.objects.bulk_create(votes)
    return {"comments": len(comments), "votes": len(votes)}


def draw_keys(count: int) -> list[int]:
    """Draw keys as posting does, so that what is posted later never meets one of them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence('comments_comment', 'id')) FROM generate_series(1, %s)", [count]
        )
        return [key for (key,) in cursor.fetchall()]


def _tree(
    scene: Scene, thread: Thread, discussion: Discussion, people: list[User], keys: Iterator[int]
) -> list[Comment]:
    rows: list[Comment] = []
    count = scene.random.randint(3, MOST)
    span = scene.now - discussion.created_at
    for place in range(count):
        parent = scene.random.choice(rows) if rows and scene.random.random() < 0.7 else None
        path = parent.path[: DEPTH_MAX - 1] if parent else []
        body = scene.random.choice(ANSWERS if parent else OPENERS)
        key = next(keys)
        at = discussion.created_at + span * (place + scene.random.random()) / (count + 1)
        rows.append(
            Comment(
                pk=key,
                thread=thread,
                parent_id=path[-1] if path else None,
                path=[*path, key],
                author=scene.random.choice(people),
                body=body,
                body_html=rendering.render(body),
                renderer_version=rendering.VERSION,
                created_at=at,
                published_at=at,
            )
        )
    return rows


def votes_on(scene: Scene, comment: Comment, people: list[User], most: int) -> list[Reaction]:
    """Return the votes of at most so many people on a comment; nobody votes on their own."""
    rows = []
    for user in scene.random.sample(people, scene.random.randint(0, min(len(people), most))):
        kind = scene.random.choice(["up", "up", "up", "down"])
        if user.pk != comment.author_id:
            at = comment.created_at + (scene.now - comment.created_at) * scene.random.random()
            rows.append(Reaction(thing=comment, user=user, family="vote", kind=kind, created_at=at))
    return rows
