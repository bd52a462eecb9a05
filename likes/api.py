"""The JSON API of reactions: setting with PUT, clearing with DELETE, and who said what."""

from datetime import datetime
from typing import Annotated, Any

from django.http import Http404
from ninja import Path, Query, Router, Schema
from pydantic import ConfigDict, Field

from lib import keyset, targets
from lib.payloads import Listing, PageQuery, Paging, RowId, refusals
from likes import services
from likes.models import Reaction
from sessions_app.requests import Request

router = Router(tags=["Likes"])

EXAMPLE: dict[str, Any] = {
    "target": "comments.discussion",
    "id": 12,
    "counts": {"like": 1206, "heart": 3},
    "mine": ["like"],
    "offered": ["like", "heart", "thanks", "laugh", "wow", "party"],
}
Target = Annotated[
    str, Path(description="What kind of thing, such as `comments.discussion`.", example=EXAMPLE["target"])
]
KindName = Annotated[str, Path(description="One of `offered`.", example="like")]


class ReactionsOf(Schema):
    """What was said to one thing."""

    model_config = ConfigDict(title="Reactions", json_schema_extra={"examples": [EXAMPLE]})

    target: str
    id: int
    counts: dict[str, int] = Field(description="How many said each; what nobody said is left out.")
    mine: list[str] = Field(description="What you said.")
    offered: list[str] = Field(description="What can be said. One emoji a person: a new one replaces.")


class Person(Schema):
    """Somebody who reacted."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"name": "Bob Okonkwo", "kind": "like", "created_at": "2026-11-24T20:01:13.482Z"}]
        }
    )

    name: str
    kind: str
    created_at: datetime

    @staticmethod
    def resolve_name(row: Reaction) -> str:
        return str(row.user)


class PersonList(Listing):
    items: list[Person]


class Mine(Schema):
    """Something that you reacted to."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "target": "comments.discussion",
                    "id": 12,
                    "title": "Bread on Mondays",
                    "url": "/discussions/12",
                    "kind": "like",
                    "created_at": "2026-11-24T20:01:13.482Z",
                }
            ]
        }
    )

    target: str
    id: int
    title: str
    url: str
    kind: str
    created_at: datetime


class MineList(Listing):
    items: list[Mine]


class Wanted(Paging):
    kind: str = Field("", max_length=20, description="Only those who said this; empty: all but votes.")


WantedQuery = Annotated[Wanted, Query()]


def _thing(request: Request, target: str, pk: int) -> Any:
    thing = targets.find(target, pk, relation=Reaction, user=request.user)
    if thing is None:
        raise Http404
    return thing


def _standing(request: Request, target: str, thing: Any) -> dict[str, Any]:
    standing = services.read_standing(thing=thing, user=request.user)
    return {
        "target": target,
        "id": thing.pk,
        "counts": {kind: count for kind, count in standing.counts.items() if count},
        "mine": sorted(standing.mine),
        "offered": [kind.slug for kind in standing.offered],
    }


@router.get(
    "/reactions/{target}/{row_id}", response={200: ReactionsOf, **refusals(404)}, summary="What was said to it?"
)
def show_reactions(request: Request, target: Target, row_id: RowId) -> dict[str, Any]:
    """Exact counts by kind, what you said yourself, and what can be said."""
    return _standing(request, target, _thing(request, target, row_id))


@router.get(
    "/reactions/{target}/{row_id}/people", response={200: PersonList, **refusals(404, 422)}, summary="Who said it?"
)
def list_people(request: Request, target: Target, row_id: RowId, paging: WantedQuery) -> keyset.Page[Reaction]:
    """Who reacted, the latest first. Nobody is shown who voted."""
    rows = Reaction.objects.to(_thing(request, target, row_id)).told().select_related("user")
    if paging.kind:
        rows = rows.filter(kind=paging.kind)
    return keyset.page(rows, by=("id",), limit=paging.limit, cursor=paging.cursor)


@router.put(
    "/reactions/{target}/{row_id}/{kind}", response={200: ReactionsOf, **refusals(404, 409, 422)}, summary="Say it"
)
def set_reaction(request: Request, target: Target, row_id: RowId, kind: KindName) -> dict[str, Any]:
    """Say this to a thing. Saying it again changes nothing; another emoji, or the other vote, takes its place."""
    thing = _thing(request, target, row_id)
    services.set_reaction(thing=thing, kind=kind, by=request.user)
    return _standing(request, target, thing)


@router.delete(
    "/reactions/{target}/{row_id}/{kind}", response={200: ReactionsOf, **refusals(404, 422)}, summary="Take it back"
)
def clear_reaction(request: Request, target: Target, row_id: RowId, kind: KindName) -> dict[str, Any]:
    """Take back what you said. Taking back what you did not say changes nothing."""
    thing = _thing(request, target, row_id)
    services.clear_reaction(thing=thing, kind=kind, by=request.user)
    return _standing(request, target, thing)


@router.get("/reactions", response={200: MineList, **refusals(422)}, summary="What did I like?")
def list_mine(request: Request, paging: PageQuery) -> dict[str, Any]:
    """Everything that you reacted to and may still see, the latest first."""
    rows = Reaction.objects.of_person(request.user).visible_to(request.user)
    page: keyset.Page[Reaction] = keyset.page(rows, by=("id",), limit=paging.limit, cursor=paging.cursor)
    places = {(row.content_type_id, row.object_id) for row in page.items}
    things = targets.load(places, relation=Reaction, user=request.user)
    found = [(row, things.get((row.content_type_id, row.object_id))) for row in page.items]
    return {"items": [_mine(row, thing) for row, thing in found if thing is not None], "next": page.next}


def _mine(row: Reaction, thing: Any) -> dict[str, Any]:
    return {
        "target": targets.label_of(thing),
        "id": thing.pk,
        "title": str(thing),
        "url": thing.get_absolute_url(),
        "kind": row.kind,
        "created_at": row.created_at,
    }
