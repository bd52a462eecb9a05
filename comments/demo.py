"""What hangs on the noticeboard of the demo hall."""

from comments import demo_crowd, demo_order, demo_talk, rendering
from comments.demo_board import sheets
from comments.models import Discussion
from lib import demo
from lib.demo import Scene
from likes.models import Reaction
from sessions_app.models import User
from tagging import services as tagging

SAID = (
    ("like", "like"),
    ("like", "like"),
    ("like", "like"),
    ("emoji", "heart"),
    ("emoji", "thanks"),
    ("emoji", "laugh"),
)


def furnish(scene: Scene) -> dict[str, int]:
    """Hang up the discussions, and let people react to them."""
    everybody = list(User.objects.filter(email__endswith=f"@{demo.DOMAIN}", is_active=True).order_by("pk"))
    people = {user.email: user for user in everybody}
    board = sheets()
    rows = [
        Discussion(
            title=sheet.title,
            body=sheet.body,
            body_html=rendering.render(sheet.body),
            renderer_version=rendering.VERSION,
            author=people.get(demo.address(sheet.who)),
            created_at=scene.ago(days=sheet.days, minutes=scene.random.randrange(300)),
        )
        for sheet in board
    ]
    discussions = Discussion.objects.bulk_create(sorted(rows, key=lambda row: row.created_at))
    said = [reaction for discussion in discussions for reaction in _reactions(scene, discussion, everybody)]
    Reaction.objects.bulk_create(sorted(said, key=lambda row: row.created_at))
    talked = demo_talk.talk(scene, discussions, everybody)
    crowded = demo_crowd.crowd(scene, everybody)
    order = demo_order.keep_order(scene, discussions, everybody)
    tags = {sheet.title: sheet.tags for sheet in board}
    for discussion in discussions:
        tagging.set_tags(thing=discussion, names=tags[discussion.title], by=discussion.author)
    reactions = len(said) + talked["votes"] + crowded["votes"]
    count = talked["comments"] + crowded["comments"] + order.pop("held")
    hung = len(rows) + 1 + order.pop("held_discussions")
    return {"discussions": hung, "comments": count, "reactions": reactions, **order}


def _reactions(scene: Scene, discussion: Discussion, people: list[User]) -> list[Reaction]:
    """Return what some of the people said to one discussion; each said one thing, and its author was told."""
    rows = []
    for user in scene.random.sample(people, scene.random.randint(0, min(len(people), 17))):
        family, kind = scene.random.choice(SAID)
        at = discussion.created_at + (scene.now - discussion.created_at) * scene.random.random()
        if user != discussion.author:
            rows.append(Reaction(thing=discussion, user=user, family=family, kind=kind, created_at=at, noticed_at=at))
    return rows
