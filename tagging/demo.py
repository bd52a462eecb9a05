"""The vocabulary of the demo hall, and who follows what."""

from lib import demo
from lib.demo import Scene
from sessions_app.models import User
from tagging import names as naming
from tagging.demo_words import DESCRIPTIONS, GROUPS, IMPLIES, SYNONYMS
from tagging.models import Implication, Tag, TagFollow, TagGroup
from tagging.services.labelling import make_tags

DAYS = 300
FOLLOWED = ("laser-cutter", "workshop", "bread", "electronics", "garden", "pottery", "safety", "C++", "bees")


def furnish(scene: Scene) -> dict[str, int]:
    """Make the tags with their groups, synonyms and implications, and let some people follow some of them."""
    operator = User.objects.get(email=demo.address("olga"))
    displays = [display for group in GROUPS.values() for display in group]
    make_tags(missing={naming.normalise(each): each for each in [*displays, *SYNONYMS]}, by=operator)
    tags = {tag.name: tag for tag in Tag.objects.all()}
    for title, group in GROUPS.items():
        row = TagGroup.objects.create(name=title)
        Tag.objects.filter(name__in=[naming.normalise(each) for each in group]).update(group=row)
    for synonym, canonical in SYNONYMS.items():
        tags[naming.normalise(synonym)].canonical = tags[naming.normalise(canonical)]
    for display, description in DESCRIPTIONS.items():
        tags[naming.normalise(display)].description = description
    for tag in tags.values():
        tag.created_at = scene.ago(days=scene.random.uniform(DAYS / 2, DAYS))
    Tag.objects.bulk_update(tags.values(), ["canonical", "description", "created_at"])
    Implication.objects.bulk_create(
        Implication(tag=tags[naming.normalise(name)], implied=tags[naming.normalise(each)])
        for name, implied in IMPLIES.items()
        for each in implied
    )
    return {"tags": len(tags), "follows": _follow(scene, tags)}


def _follow(scene: Scene, tags: dict[str, Tag]) -> int:
    people = User.objects.filter(email__endswith=f"@{demo.DOMAIN}", is_active=True).order_by("pk")
    rows = []
    for user in people:
        for name in scene.random.sample(FOLLOWED, scene.random.randint(0, 3)):
            at = scene.ago(days=scene.random.uniform(1, 30))
            told = {"created_at": at, "told_at": scene.now}
            rows.append(TagFollow(user=user, tag=tags[naming.normalise(name)], kind=TagFollow.Kind.FOLLOW, **told))
    return len(TagFollow.objects.bulk_create(rows))
