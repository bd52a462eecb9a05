"""The JSON API of comments: what is said about a thing, and saying something."""

from datetime import datetime
from typing import Annotated, Any

from django.core.exceptions import ValidationError
from django.http import Http404
from ninja import Path, Router, Schema, Status
from pydantic import ConfigDict, Field, field_validator

from comments import services
from comments.forms import readable
from comments.models import COMMENT_MAX, Comment, Thread
from lib import keyset, targets
from lib.payloads import Listing, PageQuery, RowId, refusals
from sessions_app.requests import Request

router = Router(tags=["Comments"])

EXAMPLE: dict[str, Any] = {
    "id": 481,
    "parent": 474,
    "depth": 2,
    "author": "Bob Okonkwo",
    "state": "visible",
    "body": "I bring *salt*.",
    "html": "<p>I bring <em>salt</em>.</p>\n",
    "ups": 4,
    "downs": 0,
    "replies": 1,
    "created_at": "2026-11-24T20:01:13.482Z",
    "url": "/comments/481",
}
Target = Annotated[
    str, Path(description="What kind of thing, such as `comments.discussion`.", example="comments.discussion")
]


class CommentOut(Schema):
    """One comment; of a tombstone and of what is held nothing is told but where it stands."""

    model_config = ConfigDict(title="Comment", json_schema_extra={"examples": [EXAMPLE]})

    id: int
    parent: int | None = Field(description="What it answers; null on the first level.")
    depth: int
    author: str | None = Field(description="Null when they left, and of a tombstone.")
    state: str
    body: str = Field(description="Markdown, as it was written.")
    html: str = Field(description="The same, rendered and sanitised.")
    ups: int
    downs: int
    replies: int = Field(description="Visible comments right below.")
    created_at: datetime
    url: str


class CommentList(Listing):
    items: list[CommentOut]


class CommentIn(Schema):
    """What to say."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"body": "I bring *salt*.", "parent": 474}]}
    )

    body: str = Field(min_length=1, max_length=COMMENT_MAX, description="Markdown.")
    parent: int | None = Field(None, ge=1, le=2**63 - 1, description="What it answers; without one it stands alone.")

    @field_validator("body")
    @classmethod
    def can_be_read(cls, body: str) -> str:
        try:
            return readable(body)
        except ValidationError as error:
            raise ValueError(error.messages[0]) from error


def _thing(request: Request, target: str, pk: int) -> Any:
    thing = targets.find(target, pk, relation=Thread, user=request.user)
    if thing is None:
        raise Http404
    return thing


def _told(row: Comment) -> dict[str, Any]:
    seen = row.is_visible
    return {
        "id": row.pk,
        "parent": row.parent_id,
        "depth": len(row.path),
        "author": str(row.author) if seen and row.author else None,
        "state": row.state,
        "body": row.body if seen else "",
        "html": row.body_html if seen else "",
        "ups": row.ups,
        "downs": row.downs,
        "replies": row.reply_count,
        "created_at": row.created_at,
        "url": row.get_absolute_url(),
    }


@router.get(
    "/comments/{target}/{row_id}", response={200: CommentList, **refusals(404)}, summary="What is said about it?"
)
def list_comments(request: Request, target: Target, row_id: RowId, paging: PageQuery) -> dict[str, Any]:
    """Every comment that can be seen, the latest first; a tombstone where a visible reply needs one."""
    kind, pk = targets.place_of(_thing(request, target, row_id))
    rows = Comment.objects.filter(thread__content_type_id=kind, thread__object_id=pk, is_shown=True)
    page: keyset.Page[Comment] = keyset.page(
        rows.select_related("author"), by=("id",), limit=paging.limit, cursor=paging.cursor
    )
    return {"items": [_told(row) for row in page.items], "next": page.next}


@router.post(
    "/comments/{target}/{row_id}", response={201: CommentOut, **refusals(404, 409, body=True)}, summary="Say something"
)
def create_comment(request: Request, target: Target, row_id: RowId, body: CommentIn) -> Status[dict[str, Any]]:
    """Say something about a thing, or answer a comment. What a moderator has to see first comes back as `held`."""
    thing = _thing(request, target, row_id)
    row = services.post_comment(thing=thing, body=body.body, by=request.user, parent_id=body.parent)
    return Status(201, _told(row))
