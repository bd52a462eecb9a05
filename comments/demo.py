"""What hangs on the noticeboard of the demo hall."""

from comments import demo_crowd, demo_order, demo_talk, rendering
from comments.models import Discussion
from lib import demo
from lib.demo import Scene
from likes.models import Reaction
from sessions_app.models import User
from tagging import services as tagging

# Who opened it, how many days ago, its title and its text.
DISCUSSIONS = (
    (
        "alice",
        1,
        "Who knows why the laser cutter smells of vanilla?",
        "Since Tuesday. *Nobody* cut anything sweet.\n\n- the filter is new\n- the "
        "plywood is from the old stack\n\nIt is not unpleasant.",
    ),
    (
        "bob",
        2,
        "A quiet hour in the workshop",
        "Could we keep **Sunday, 9 to 12** free of saws? The choir rehearses next door, "
        "and they were kind about the planer.",
    ),
    (
        "carol",
        3,
        "Moving the door display to a new board",
        "The old board forgets the time after each power cut. I have a spare one and a "
        "weekend.\n\n| part | state |\n|---|---|\n| board | here |\n| case | printing |\n| cable | missing |",
    ),
    (
        "henrik",
        5,
        "What belongs into the first aid box?",
        "I went through it: the plasters are from 2019. Please add what you would miss.",
    ),
    (
        "grace",
        7,
        "Show us what you made in November",
        "Pictures are fine, the thing itself is better. Thursday at seven, soup is there.",
    ),
    (
        "dmitri",
        9,
        "C++ or Rust for the kiln controller?",
        "It has 32 kB of memory and no patience. What did you use last "
        "time?\n\n```\nwhile (kiln.too_cold()) { kiln.heat(); }\n```",
    ),
    (
        "kavita",
        12,
        "A spreadsheet that counts the screws",
        "It reads the scale and writes the number down. Ask me for the link, or help me to make it less wrong.",
    ),
    ("alice", 15, "Bread on Mondays", "The oven is free from six. Bring flour, I bring the starter."),
    ("tomasz", 21, "Lost: one left glove, grey, with a hole", "The hole is on purpose."),
    ("mei", 28, "Which wood survives in the herb garden?", "Larch did, oak did not. Has anybody tried robinia?"),
)


TAGS = {
    "Who knows why": ("laser-cutter", "workshop"),
    "A quiet hour": ("workshop", "noise"),
    "Moving the door": ("electronics", "door"),
    "What belongs": ("safety",),
    "Show us": ("meetings",),
    "C++ or Rust": ("C++", "Rust", "kiln", "electronics"),
    "A spreadsheet": ("spreadsheets", "electronics"),
    "Bread on": ("kitchen", "bread"),
    "Lost": ("lost and found",),
    "Which wood": ("garden", "wood", "workshop"),
}
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
    rows = [
        Discussion(
            title=title,
            body=body,
            body_html=rendering.render(body),
            renderer_version=rendering.VERSION,
            author=people.get(demo.address(name)),
            created_at=scene.ago(days=days, minutes=scene.random.randrange(300)),
        )
        for name, days, title, body in DISCUSSIONS
    ]
    discussions = Discussion.objects.bulk_create(sorted(rows, key=lambda row: row.created_at))
    said = [reaction for discussion in discussions for reaction in _reactions(scene, discussion, everybody)]
    Reaction.objects.bulk_create(sorted(said, key=lambda row: row.created_at))
    talked = demo_talk.talk(scene, discussions, everybody)
    crowded = demo_crowd.crowd(scene, everybody)
    order = demo_order.keep_order(scene, discussions, everybody)
    made = {
        name
        for discussion in discussions
        for begin, names in TAGS.items()
        if discussion.title.startswith(begin)
        for name in tagging.set_tags(thing=discussion, names=names, by=discussion.author)
    }
    reactions = len(said) + talked["votes"] + crowded["votes"]
    count = talked["comments"] + crowded["comments"] + order.pop("held")
    hung = len(rows) + 1 + order.pop("held_discussions")
    return {"discussions": hung, "comments": count, "reactions": reactions, "tags": len(made), **order}


def _reactions(scene: Scene, discussion: Discussion, people: list[User]) -> list[Reaction]:
    """Return what some of the people said to one discussion; each said one thing, and its author was told."""
    rows = []
    for user in scene.random.sample(people, scene.random.randint(0, min(len(people), 17))):
        family, kind = scene.random.choice(SAID)
        at = discussion.created_at + (scene.now - discussion.created_at) * scene.random.random()
        if user != discussion.author:
            rows.append(Reaction(thing=discussion, user=user, family=family, kind=kind, created_at=at, noticed_at=at))
    return rows
