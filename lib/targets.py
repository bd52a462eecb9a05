"""Things that rows of a lower app point at: a generic relation on the model is what allows it.

    class Discussion(models.Model):
        reactions = GenericRelation("likes.Reaction")

lets likes know discussions, by the name `comments.discussion`. Such a model has `visible_to(user)` on its queryset.
"""

from collections.abc import Iterable
from functools import cache
from typing import Any

from django.apps import apps
from django.contrib.contenttypes.fields import GenericRelation
from django.contrib.contenttypes.models import ContentType
from django.db.models import Exists, OuterRef, Q

Place = tuple[int, int]


@cache
def declaring(relation: type) -> dict[str, Any]:
    """Return the models that declare a generic relation to this one, by their label."""
    return {
        model._meta.label_lower: model
        for model in apps.get_models()
        for field in model._meta.private_fields
        if isinstance(field, GenericRelation) and field.related_model is relation
    }


def label_of(thing: Any) -> str:
    return str(thing._meta.label_lower)


def kind_of(thing: Any) -> int:
    """Return the key of its content type, which Django keeps in memory."""
    return ContentType.objects.get_for_model(thing).pk


def place_of(thing: Any) -> Place:
    return kind_of(thing), thing.pk


def find(label: str, pk: int, *, relation: type, user: Any) -> Any:
    """Return a thing by its label and key; None when there is none, or none that this person may see."""
    model = declaring(relation).get(label)
    if model is None or not 0 < pk < 2**63:
        return None
    return model.objects.visible_to(user).filter(pk=pk).first()


def load(places: Iterable[Place], *, relation: type, user: Any = None) -> dict[Place, Any]:
    """Return the things at these places, one query for each model; with a user, only what they may see."""
    wanted: dict[int, list[int]] = {}
    for kind, pk in places:
        wanted.setdefault(kind, []).append(pk)
    found: dict[Place, Any] = {}
    for model in declaring(relation).values():
        kind = kind_of(model)
        if kind in wanted:
            rows = model.objects.all() if user is None else model.objects.visible_to(user)
            found |= {(kind, row.pk): row for row in rows.filter(pk__in=wanted[kind])}
    return found


def on_visible_things(relation: type, user: Any) -> Q:
    """Return the condition that a row of `relation` points at something that this person may see."""
    condition = Q(pk__in=[])
    for model in declaring(relation).values():
        seen = Exists(model.objects.visible_to(user).filter(pk=OuterRef("object_id")))
        condition |= Q(content_type_id=kind_of(model)) & Q(seen)
    return condition
