"""What the JSON API takes and gives, before any app adds its own: strict bodies, errors, pages and ids."""

from typing import Annotated, Any

from ninja import Path, Query, Schema
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from lib import keyset

# One line that says something: no control characters, no blank ends. The same words stand in the OpenAPI document.
LINE = r"^[^\s\x00-\x1f\x7f]([^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f])?$"
Line = Annotated[str, StringConstraints(pattern=LINE)]
# An id in an address; more than 64 bits is no id.
RowId = Annotated[int, Path(ge=1, le=2**63 - 1, description="Which one.", example=12)]


# In `openapi_extra` of an operation, taken out before the document is shown: no token is enough for it; what it says
# when it refuses with a status, `{409: {"detail": ...}}`; that it takes an Idempotency-Key, which is found out.
SESSION_ONLY = "x-session-only"
EXAMPLES = "x-refusals"
ONCE = "x-once"


class Payload(BaseModel):
    """The body of a request: every name is known, and nothing is guessed from another type."""

    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)


class Paging(BaseModel):
    """Where a page of a list begins, and how long it is."""

    limit: int = Field(keyset.LIMIT, ge=1, le=keyset.LIMIT_MAX, description="How many items at most.")
    cursor: str = Field(
        "", max_length=keyset.CURSOR_MAX, description="`next` of the page before; empty for the newest."
    )


PageQuery = Annotated[Paging, Query()]


class Listing(Schema):
    """One page of a list, newest first; each list says what its `items` are."""

    next: str | None = Field(description="The cursor of the page after this one; null at the end.")


def _say_in(schema: dict[str, Any]) -> None:
    properties = schema["properties"]
    schema["properties"] = {"in": properties.pop("place"), **properties}
    schema["required"] = list(schema["properties"])


class Wrong(BaseModel):
    """One thing that was wrong with a request."""

    # `in` is no name for a field of a class.
    model_config = ConfigDict(json_schema_extra=_say_in)

    place: str = Field(title="In", description="`body`, `query`, `path` or `header`.")
    pointer: str = Field(description="Which part: a JSON pointer (RFC 6901) into a body, else a name.")
    detail: str = Field(description="What would be right.")


class Problem(BaseModel):
    """Why a request was refused (RFC 9457)."""

    type: str = Field(description="`about:blank` when the status says it all, else a name for this kind of refusal.")
    title: str
    status: int
    detail: str | None = Field(None, description="About this one occurrence, for a person.")
    errors: list[Wrong] | None = Field(None, description="Part by part, when the request itself was wrong.")
    request_id: str | None = Field(None, description="The name under which the logs keep this request.")


def refusals(*statuses: int, body: bool = False, stream: bool = False) -> dict[Any, type[Problem]]:
    """Return the answers that an operation may give besides its own: those of every operation, and `statuses`.

    `body` adds what can be wrong with any JSON, `stream` what can be wrong with bytes that the operation reads itself.
    """
    always = (400, 401, 403, 422, 429)
    of_body = (411, 413, 415) if body or stream else ()
    return dict.fromkeys(sorted({*always, *of_body, *statuses}), Problem)
