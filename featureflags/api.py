"""The JSON API of flags: what each is for the person who asks, and for operators how it is defined."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Path, Router, Schema
from pydantic import ConfigDict, Field

from featureflags.decisions import now_for
from featureflags.evaluation import definitions
from featureflags.models import Flag
from lib import keyset
from lib.payloads import Listing, PageQuery, refusals
from lib.preconditions import etag
from lib.problems import Refused
from sessions_app.requests import Request

router = Router(tags=["Flags"])

OPERATORS_ONLY = "Only operators may read how flags are defined. Ask one for the right to view flags."
FlagKey = Annotated[
    str, Path(max_length=80, pattern=definitions.KEY.pattern, description="Which one.", example="new_home")
]
TypeName = Literal["boolean", "string", "number", "json"]
NEW_HOME: dict[str, Any] = {
    "key": "new_home",
    "type": "boolean",
    "value": True,
    "variant": "on",
    "reason": "SPLIT",
}
DEFINITION: dict[str, Any] = {
    "key": "new_home",
    "type": "boolean",
    "variants": {"on": True, "off": False},
    "off": "off",
    "default": "off",
    "requires": {},
    "rules": [{"name": "a tenth of all", "weights": {"on": 10_000, "off": 90_000}}],
    "description": "The home page that begins with what waits.",
    "owner": "front desk",
    "tags": ["pages"],
    "ends_on": "2027-03-01",
    "permanent": False,
    "version": 4,
    "killed_at": None,
    "created_at": "2026-11-20T08:12:45.120Z",
    "changed_at": "2026-11-24T19:58:02.730Z",
    "evaluated_at": "2026-11-24T20:01:00Z",
}


class FlagValue(Schema):
    """What a flag is for the person who asks, just now."""

    model_config = ConfigDict(title="Flag", json_schema_extra={"examples": [NEW_HOME]})

    key: str
    type: TypeName
    value: Any = Field(description="Of the flag's type.")
    variant: str | None = Field(description="The name of that value; null when the flag could not be decided.")
    reason: str = Field(description="Why: `STATIC`, `DEFAULT`, `TARGETING_MATCH`, `SPLIT`, `DISABLED` and so on.")


class FlagList(Listing):
    items: list[FlagValue]


class FlagDefinition(Schema):
    """How a flag is decided, and who looks after it."""

    model_config = ConfigDict(json_schema_extra={"examples": [DEFINITION]})

    key: str
    type: TypeName
    variants: dict[str, Any]
    off: str = Field(description="The variant that a killed flag serves.")
    default: str = Field(description="The variant for whom no rule takes.")
    requires: dict[str, Any] = Field(description="Which variants of which other flags it needs.")
    rules: list[dict[str, Any]] = Field(description="The first that takes somebody decides.")
    description: str
    owner: str
    tags: list[str]
    ends_on: date | None = Field(description="When it was expected to be gone.")
    permanent: bool
    version: int = Field(description="Rises with each change.")
    killed_at: datetime | None
    created_at: datetime
    changed_at: datetime
    evaluated_at: datetime | None = Field(description="When somebody last got a value of it, to the batch.")


class DefinitionList(Listing):
    items: list[FlagDefinition]


@router.get("/flags", response={200: FlagList, **refusals()}, summary="What is switched on for me?")
def list_flags(request: Request, paging: PageQuery) -> object:
    """Every flag that is in use, with its value for the person who asks, in the order of the keys.

    To poll: send `If-None-Match`. A look here does not count as a use of the flags.
    """
    values = now_for(request)
    page: keyset.Page[str] = keyset.page_of_names(
        values, of="featureflags.flag", limit=paging.limit, cursor=paging.cursor
    )
    return keyset.Page([values[key] for key in page.items], page.next)


@router.get("/flags/{key}", response={200: FlagValue, **refusals(404)}, summary="Is this switched on for me?")
def show_flag(request: Request, key: FlagKey) -> object:
    """One flag with its value for the person who asks; one in the archive is not found."""
    found = now_for(request).get(key)
    if found is None:
        raise Http404
    return found


@router.get("/flag-definitions", response={200: DefinitionList, **refusals()}, summary="List how flags are defined")
def list_flag_definitions(request: Request, paging: PageQuery) -> object:
    """For operators: every flag that is in use, the newest first."""
    return keyset.page(_definitions(request), by=("id",), limit=paging.limit, cursor=paging.cursor)


@router.get(
    "/flag-definitions/{key}",
    response={200: FlagDefinition, **refusals(404)},
    summary="Show how a flag is defined",
)
def show_flag_definition(request: Request, response: HttpResponse, key: FlagKey) -> Flag:
    """For operators: its variants and rules, and who looks after it."""
    flag = get_object_or_404(_definitions(request), key=key)
    response["ETag"] = etag(f"{flag.version}.{flag.evaluated_at.timestamp() if flag.evaluated_at else ''}")
    return flag


def _definitions(request: Request) -> QuerySet[Flag]:
    if not (request.user.is_staff and request.user.has_perm("featureflags.view_flag")):
        raise Refused(403, OPERATORS_ONLY)
    return Flag.objects.active()
