"""What the JSON API of webhooks takes and gives."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from ninja import Path, Schema
from pydantic import AwareDatetime, ConfigDict, Field, field_validator

from lib.payloads import Line, Listing, Payload
from webhooks import limits
from webhooks.ladder import RUNG_MAX, RUNGS_MAX, read_ladder
from webhooks.models import Attempt, Delivery, Endpoint

StateName = Literal["enabled", "paused", "disabled"]
DeliveryState = Literal["pending", "delivered", "dead", "dropped"]
ScopeName = Literal["own", "hall"]
NOT_SENT: Any = None
DOOR: dict[str, Any] = {
    "id": 12,
    "url": "https://hooks.example.org/guildhall",
    "description": "door display",
    "scope": "own",
    "filters": ["session.*"],
    "ladder": [0, 60, 300],
    "concurrency": 10,
    "per_minute": None,
    "ordered": False,
    "asymmetric": False,
    "state": "enabled",
    "because": "",
    "failing_since": None,
    "created_at": "2026-11-24T20:01:13.482Z",
}
WAITING: dict[str, Any] = {
    "id": "019ab8d2-3f00-8c44-9d1e-5f0a7b3c2d11",
    "webhook_id": "msg_019ab8d23f007a119d1e5f0a7b3c2d11",
    "endpoint_id": 12,
    "type": "session.ended",
    "state": "pending",
    "attempts": 1,
    "last_outcome": "status",
    "last_status": 503,
    "published_at": "2026-11-24T20:01:13.482Z",
    "next_attempt_at": "2026-11-24T20:02:10.120Z",
}
TRIED: dict[str, Any] = {
    "number": 1,
    "started_at": "2026-11-24T20:01:13.600Z",
    "took_ms": 84,
    "outcome": "status",
    "detail": "Service Unavailable",
    "status": 503,
    "request_headers": {"webhook-id": "msg_019ab8d23f007a119d1e5f0a7b3c2d11"},
    "answer_headers": [["Retry-After", "60"]],
    "answer": "come back later",
}
IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "required": True,
    "description": "The `ETag` of the endpoint that you read.",
    "schema": {"type": "string"},
    "example": '"4"',
}
DeliveryId = Annotated[UUID, Path(description="Which one.", example=WAITING["id"])]


class WebhookEndpoint(Schema):
    """A URL that hears of what happens."""

    model_config = ConfigDict(json_schema_extra={"examples": [DOOR]})

    id: int
    url: str
    description: str
    scope: ScopeName = Field(description="`own`: what is about you; `hall`: everything, for operators.")
    filters: list[str] = Field(description="Types, or nouns with `.*`; empty: everything.")
    ladder: list[int] = Field(description="Seconds to wait before each attempt.")
    concurrency: int = Field(description="Requests at once.")
    per_minute: int | None = Field(description="Requests a minute; null: as many as there are.")
    ordered: bool = Field(description="Whether events about the same thing keep their order.")
    asymmetric: bool = Field(description="Whether requests are also signed with ed25519 (`v1a`).")
    state: StateName
    because: str = Field(description="Why it is paused or disabled: `owner`, `operator`, `gone` or `failing`.")
    failing_since: datetime | None = Field(description="null: the last attempt succeeded.")
    created_at: datetime

    @staticmethod
    def resolve_because(row: Endpoint) -> str:
        return row.state_because

    @staticmethod
    def resolve_failing_since(row: Endpoint) -> datetime | None:
        return row.failing_since_at


class EndpointList(Listing):
    items: list[WebhookEndpoint]


class EndpointWishes(Payload):
    """What an endpoint wants; what is not sent stays, or is as usual."""

    description: str = Field(NOT_SENT, max_length=limits.DESCRIPTION_MAX)
    scope: ScopeName = NOT_SENT
    filters: list[Annotated[str, Field(max_length=80)]] = Field(NOT_SENT, max_length=limits.FILTERS_MAX)
    headers: dict[str, str] = Field(NOT_SENT, description="Custom headers; never shown again.")
    ladder: list[Annotated[int, Field(ge=0, le=RUNG_MAX)]] = Field(NOT_SENT, min_length=1, max_length=RUNGS_MAX)
    concurrency: int = Field(NOT_SENT, ge=1, le=limits.CONCURRENCY_MAX)
    per_minute: Annotated[int, Field(ge=1, le=limits.RATE_MAX)] | None = NOT_SENT
    ordered: bool = NOT_SENT
    asymmetric: bool = NOT_SENT

    @field_validator("ladder")
    @classmethod
    def climbs(cls, value: list[int]) -> list[int]:
        return read_ladder(" ".join(map(str, value)))


class NewEndpoint(EndpointWishes):
    """A new endpoint: its URL, and what it wants."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"url": DOOR["url"], "filters": ["session.*"]}]})

    url: Annotated[Line, Field(max_length=2000, description="https, at a public address.")]


class EndpointChange(EndpointWishes):
    """What is to change of an endpoint."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"filters": []}]})

    url: Annotated[Line, Field(max_length=2000)] = NOT_SENT


class NewState(Payload):
    """What an endpoint should do from now on."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"state": "paused"}]})

    state: Literal["enabled", "paused"]


class SecretShown(Schema):
    """A secret to verify with: `whsec_`, or the public half `whpk_`."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"scheme": "v1", "secret": "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD", "expires_at": None}]
        }
    )

    scheme: Literal["v1", "v1a"]
    secret: str
    expires_at: datetime | None = Field(description="null: the current one.")


class SecretList(Schema):
    """The secrets that requests are signed with now."""

    secrets: list[SecretShown]


class WebhookDelivery(Schema):
    """One event for one endpoint."""

    model_config = ConfigDict(json_schema_extra={"examples": [WAITING]})

    id: UUID
    webhook_id: str = Field(description="The header of the same name; it stays over all attempts.")
    endpoint_id: int
    type: str
    state: DeliveryState
    attempts: int = Field(description="Failed ones in the present run of the ladder.")
    last_outcome: str
    last_status: int | None
    published_at: datetime
    next_attempt_at: datetime | None = Field(description="null: none will be made.")

    @staticmethod
    def resolve_webhook_id(row: Delivery) -> str:
        return row.message_id

    @staticmethod
    def resolve_next_attempt_at(row: Delivery) -> datetime | None:
        return None if row.is_finished else row.next_attempt_at


class DeliveryList(Listing):
    items: list[WebhookDelivery]


class WebhookAttempt(Schema):
    """One request and its answer."""

    model_config = ConfigDict(json_schema_extra={"examples": [TRIED]})

    number: int
    started_at: datetime
    took_ms: int
    outcome: str = Field(description="`succeeded`, `status`, `redirected`, `timed_out`, `dns`, `tls`, ...")
    detail: str
    status: int | None
    request_headers: dict[str, str]
    answer_headers: list[list[str]]
    answer: str = Field(description="Its first 8 KB.")

    @staticmethod
    def resolve_answer(row: Attempt) -> str:
        return row.answer_text


class DeliveryWithAttempts(Schema):
    """A delivery, what it brings, and its attempts, the newest first."""

    delivery: WebhookDelivery
    payload: str = Field(description="The body as it is sent, byte for byte.", examples=['{"type":"session.ended"}'])
    attempts: list[WebhookAttempt]

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"delivery": WAITING, "payload": '{"type":"session.ended"}', "attempts": [TRIED]}]
        }
    )


class Span(Payload):
    """From when to when, and whether also what arrived."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"since": "2026-11-24T00:00:00Z", "until": "2026-11-24T12:00:00Z"}]}
    )

    since: Annotated[AwareDatetime, Field(strict=False)]
    until: Annotated[AwareDatetime, Field(strict=False)]
    everything: bool = Field(False, description="false: dead letters only.")


class Since(Payload):
    """From when on."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"since": "2026-11-24T00:00:00Z"}]})

    since: Annotated[AwareDatetime, Field(strict=False)]


class WentOut(Schema):
    """How many deliveries are due again."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"count": 42}]})

    count: int
