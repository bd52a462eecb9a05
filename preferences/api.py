"""The JSON API of preferences: the same choice as on the appearance page, fenced by the same version."""

import zoneinfo
from datetime import datetime
from typing import Any, Literal, Self

from django.http import HttpResponse
from ninja import Router, Schema
from pydantic import ConfigDict, Field, field_validator, model_validator

from lib.payloads import Payload, refusals
from lib.preconditions import etag, require_match, stale
from preferences import services
from preferences.models import Preference
from sessions_app.models import User
from sessions_app.requests import Request

router = Router(tags=["Preferences"])

ZONES = sorted(zoneinfo.available_timezones())
EXAMPLE: dict[str, Any] = {
    "mode": "system",
    "light_theme": "paper",
    "dark_theme": "ink",
    "motion": "system",
    "clock": "24",
    "week_start": 1,
    "time_zone": "Europe/London",
    "changed_at": "2026-11-24T20:01:13.482Z",
}
# Not a value that can be sent: what a change does not name.
NOT_SENT: Any = None
ModeName = Literal["system", "light", "dark"]
LightTheme = Literal["paper", "contrast"]
DarkTheme = Literal["ink", "dimmed", "contrast"]
Motion = Literal["system", "reduced"]
Clock = Literal["24", "12"]
Weekday = Literal[1, 6, 7]


class Preferences(Schema):
    """How the person wants the hall to look and to tell the time."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    mode: ModeName = Field(description="`system` follows the system of each device.")
    light_theme: LightTheme
    dark_theme: DarkTheme
    motion: Motion
    clock: Clock
    week_start: Weekday = Field(description="Days counted from Monday, as in ISO 8601.")
    time_zone: str = Field(description="An IANA name; empty: the zone of the browser.")
    changed_at: datetime | None = Field(description="null: never.")

    @staticmethod
    def resolve_time_zone(row: Preference) -> str:
        return row.user.time_zone


class PreferencesChange(Payload):
    """What is to change; the rest stays."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"mode": "dark"}], "minProperties": 1})

    mode: ModeName = NOT_SENT
    light_theme: LightTheme = NOT_SENT
    dark_theme: DarkTheme = NOT_SENT
    motion: Motion = NOT_SENT
    clock: Clock = NOT_SENT
    week_start: Weekday = NOT_SENT
    time_zone: str = Field(NOT_SENT, json_schema_extra={"enum": ["", *ZONES], "examples": ["Europe/London"]})

    @field_validator("week_start", mode="before")
    @classmethod
    def whole(cls, value: object) -> object:
        # To Python, True and 1.0 are 1.
        if type(value) is not int:
            raise ValueError("Use 1, 6 or 7.")
        return value

    @field_validator("time_zone")
    @classmethod
    def known(cls, value: str) -> str:
        if value not in ("", *ZONES):
            raise ValueError("Use a name of the IANA time zone database such as Europe/London, or nothing.")
        return value

    @model_validator(mode="after")
    def something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("Name something to change.")
        return self


IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "required": True,
    "description": "The `ETag` of the preferences that you read.",
    "schema": {"type": "string"},
    "example": '"4.Europe/London"',
}


def _of(user: User) -> Preference:
    row = Preference.objects.filter(user=user).first() or Preference()
    row.user = user
    return row


def _etag(row: Preference) -> str:
    # The zone is the person's and changes elsewhere, too.
    return etag(f"{row.version}.{row.user.time_zone}")


@router.get("/preferences", response={200: Preferences, **refusals()}, summary="How do I like it?")
def show_preferences(request: Request, response: HttpResponse) -> Preference:
    """The preferences of the account. What a single device keeps for itself stays with that device."""
    row = _of(request.user)
    response["ETag"] = _etag(row)
    return row


@router.patch(
    "/preferences",
    response={200: Preferences, **refusals(412, 428, body=True)},
    summary="Change how I like it",
    openapi_extra={"parameters": [IF_MATCH]},
)
def change_preferences(request: Request, response: HttpResponse, change: PreferencesChange) -> Preference:
    """Change some of the preferences; open pages follow within a second.

    `If-Match` carries the `ETag` of what you read. When something was changed elsewhere meanwhile, the answer is 412
    and nothing is changed.
    """
    row = _of(request.user)
    require_match(request, _etag(row))
    changes = change.model_dump(exclude_unset=True)
    try:
        row = services.change_preferences(
            user_id=request.user.pk,
            version=row.version,
            device_id=None,
            device_mode=None,
            time_zone=changes.pop("time_zone", request.user.time_zone),
            **changes,
        )
    except services.StaleChoice as error:
        raise stale(_etag(_of(request.user))) from error
    response["ETag"] = _etag(row)
    return row
