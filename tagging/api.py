"""The JSON API of tags: suggestions, what a tag is, what carries some, and giving them to a thing."""

from datetime import datetime
from typing import Annotated, Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from ninja import Path, Query, Router, Schema
from pydantic import ConfigDict, Field

from lib import targets
from lib.payloads import Listing, Paging, Payload, RowId, refusals
from lib.problems import Refused
from sessions_app.requests import Request
from tagging import services
from tagging.models import Item

router = Router(tags=["Tags"])

TAG: dict[str, Any] = {
    "name": "node.js",
    "display_name": "Node.js",
    "uses": 1204,
    "description": "JavaScript outside of the browser.",
    "synonyms": ["nodejs"],
    "deprecated": False,
    "reserved": False,
}
Target = Annotated[str, Path(description="The kind of thing: `comments.discussion`.", example="comments.discussion")]
TagName = Annotated[str, Path(description="The name of a tag or of a synonym.", example="node.js")]


class Suggested(Schema):
    """A name that begins so."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "js", "display_name": "js", "canonical": "javascript", "uses": 2310}]}
    )

    name: str
    display_name: str
    canonical: str = Field(description="What a synonym stands for; empty for a tag.")
    uses: int


class SuggestionsOf(Schema):
    """The names that fit best, the best first."""

    items: list[Suggested]


class TagOut(Schema):
    """A tag."""

    model_config = ConfigDict(title="Tag", json_schema_extra={"examples": [TAG]})

    name: str
    display_name: str
    uses: int
    description: str
    synonyms: list[str]
    deprecated: bool = Field(description="It cannot be given any more.")
    reserved: bool = Field(description="Only operators give it.")


class Carrier(Schema):
    """A thing that carries what was asked for."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "target": "comments.discussion",
                    "id": 12,
                    "title": "C++ or Rust for the kiln controller?",
                    "url": "/discussions/12",
                    "created_at": "2026-11-24T20:01:13.482Z",
                }
            ]
        }
    )

    target: str
    id: int
    title: str
    url: str
    created_at: datetime


class CarrierList(Listing):
    items: list[Carrier]


class TagsOf(Schema):
    """The tags of one thing."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"tags": ["c++", "kiln"]}]})

    tags: list[str]


class TagsChange(Payload):
    """All tags that a thing is to carry."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"tags": ["C++", "kiln"]}]})

    tags: list[str] = Field(max_length=100, description="At most ten; what is missing is made.")


# Text cannot hold a zero byte.
NAMES = r"^[^\x00]*$"


class Asked(Paging):
    all: str = Field(
        "", max_length=500, pattern=NAMES, description="Names with commas between them: all of these.", examples=["c++"]
    )
    any: str = Field("", max_length=500, pattern=NAMES, description="At least one of these.")
    none: str = Field("", max_length=500, pattern=NAMES, description="None of these.")


AskedQuery = Annotated[Asked, Query()]
Typed = Annotated[str, Query(max_length=200, pattern=NAMES, description="What was typed so far.", example="javasc")]


def _thing(request: Request, target: str, pk: int) -> Any:
    thing = targets.find(target, pk, relation=Item, user=request.user)
    if thing is None:
        raise Http404
    return thing


@router.get("/tags/suggestions", response={200: SuggestionsOf, **refusals(422)}, summary="Which tags begin so?")
def suggest_tags(request: Request, text: Typed) -> dict[str, Any]:
    """At most ten names one of whose words begins so, synonyms among them; the exact one first, then by use."""
    return {"items": services.suggest(text=text)}


@router.get("/tags/{name}", response={200: TagOut, **refusals(404)}, summary="What is this tag?")
def show_tag(request: Request, name: TagName) -> dict[str, Any]:
    """A tag by its name or by one of its synonyms."""
    (tag,) = services.read_tags(names=[name])
    return {
        "name": tag.name,
        "display_name": tag.display_name,
        "uses": tag.usage_count,
        "description": tag.description,
        "synonyms": sorted(tag.synonyms.values_list("name", flat=True)),
        "deprecated": tag.deprecated_at is not None,
        "reserved": tag.reserved_at is not None,
    }


@router.get("/tagged", response={200: CarrierList, **refusals(404, 422)}, summary="What carries these?")
def list_tagged(request: Request, asked: AskedQuery) -> dict[str, Any]:
    """What you may see and what carries all, any and none of some tags, the newest first."""
    all_of, any_of, none_of = (
        services.read_tags(names=services.split_names(text=text)) for text in (asked.all, asked.any, asked.none)
    )
    wanted = services.Wanted(all_of, any_of, none_of)
    if wanted.is_empty:
        raise Refused(422, "Name a tag in `all` or in `any`.")
    found = services.find(wanted=wanted, user=request.user, limit=asked.limit, cursor=asked.cursor)
    return {"items": [_carrier(thing) for thing in found.things], "next": found.next}


def _carrier(thing: Any) -> dict[str, Any]:
    return {
        "target": targets.label_of(thing),
        "id": thing.pk,
        "title": str(thing),
        "url": thing.get_absolute_url(),
        "created_at": thing.created_at,
    }


@router.get("/tagged/{target}/{row_id}", response={200: TagsOf, **refusals(404)}, summary="Which tags has it?")
def show_tags_of(request: Request, target: Target, row_id: RowId) -> dict[str, Any]:
    """The names of the tags that a thing carries, in alphabetical order."""
    thing = _thing(request, target, row_id)
    return {"tags": [tag.name for tag in services.tags_of(things=[thing])[thing.pk]]}


@router.put(
    "/tagged/{target}/{row_id}", response={200: TagsOf, **refusals(404, body=True)}, summary="Give it these tags"
)
def set_tags_of(request: Request, target: Target, row_id: RowId, change: TagsChange) -> dict[str, Any]:
    """Let a thing of yours carry exactly these tags and what they imply. All names are taken, or none."""
    thing = _thing(request, target, row_id)
    if not thing.may_be_tagged_by(request.user):
        raise PermissionDenied("Only who made it, and operators, may change its tags.")
    return {"tags": services.set_tags(thing=thing, names=change.tags, by=request.user)}
