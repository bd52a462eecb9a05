"""The JSON API of comments: what is said about a thing, and saying something."""

from datetime import datetime
from typing import Annotated, Any, Literal

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import Http404
from django.urls import reverse
from ninja import Path, Router, Schema, Status
from pydantic import AfterValidator, ConfigDict, Field

from comments import services
from comments.forms import readable
from comments.models import COMMENT_MAX, VERDICT_MAX, Comment, Thread, on_visible_threads
from lib import keyset, targets
from lib.payloads import Line, Listing, PageQuery, RowId, refusals
from quotas.models import ATTACHED_MAX
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
    "files": [],
    "created_at": "2026-11-24T20:01:13.482Z",
    "url": "/comments/481",
}
Target = Annotated[
    str, Path(description="What kind of thing, such as `comments.discussion`.", example="comments.discussion")
]


def _readable(text: str) -> str:
    try:
        return readable(text)
    except ValidationError as error:
        raise ValueError(error.messages[0]) from error


Body = Annotated[str, Field(min_length=1, max_length=COMMENT_MAX, description="Markdown."), AfterValidator(_readable)]
Reason = Annotated[Line, Field(max_length=VERDICT_MAX), AfterValidator(_readable)]


class FileOut(Schema):
    """A file at a comment."""

    id: int = Field(description="Of this file at this comment.")
    name: str
    size: int = Field(description="In bytes.")
    content_type: str
    url: str


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
    files: list[FileOut] = Field(description="What is attached.")
    created_at: datetime
    url: str


class CommentList(Listing):
    items: list[CommentOut]


class CommentIn(Schema):
    """What to say."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"body": "I bring *salt*.", "parent": 474}]}
    )

    body: Body
    parent: int | None = Field(None, ge=1, le=2**63 - 1, description="What it answers; without one it stands alone.")
    files: list[Annotated[int, Field(ge=1, le=2**63 - 1)]] = Field(
        [], max_length=ATTACHED_MAX, description="Of your own files, by the `file_id` that their upload tells."
    )


class CommentChange(Schema):
    """What it says instead."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"body": "I bring **much** salt."}]})

    body: Body


class ReportIn(Schema):
    """Why a moderator should look at it."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "rude", "note": "Again"}]})

    reason: Literal["rude", "spam", "topic", "unsafe", "other"]
    note: Reason | None = Field(None, description="Only moderators read it.")


class ActIn(Schema):
    """What a moderator does, and why."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"kind": "hide", "reason": "Off the topic"}]}
    )

    kind: Literal["hide", "remove", "restore", "keep"]
    reason: Reason = Field(description="Of hide and remove everybody reads it.")


def _thing(request: Request, target: str, pk: int) -> Any:
    thing = targets.find(target, pk, relation=Thread, user=request.user)
    if thing is None:
        raise Http404
    return thing


def _told(row: Comment, reader: Any) -> dict[str, Any]:
    seen = row.stands_for(reader.pk)
    return {
        "id": row.pk,
        "parent": row.parent_id,
        "depth": len(row.path),
        "author": str(row.author) if seen and row.author else None,
        "state": Comment.State.VISIBLE if seen else row.state,
        "body": row.body if seen else "",
        "html": row.body_html if seen else "",
        "ups": row.ups,
        "downs": row.downs,
        "replies": row.reply_count,
        "files": [
            file | {"url": reverse("quotas:attachment", args=[file["id"]])} for file in (row.files if seen else [])
        ],
        "created_at": row.created_at,
        "url": row.get_absolute_url(),
    }


def _told_anew(pk: int, reader: Any) -> dict[str, Any]:
    """Tell a comment that was just written, with what only a query adds."""
    return _told(services.with_files(rows=Comment.objects.select_related("author")).get(pk=pk), reader)


def _comment(request: Request, pk: int) -> Comment:
    rows = services.with_files(rows=Comment.objects.visible_to(request.user)).select_related("author")
    row: Comment | None = rows.filter(pk=pk).first()
    if row is None:
        raise Http404
    return row


# --- One comment: before what is said about a thing, whose addresses are looser ------------------------------------


@router.get("/comments/{row_id}", response={200: CommentOut, **refusals(404)}, summary="One comment")
def show_comment(request: Request, row_id: RowId) -> dict[str, Any]:
    """One comment as it stands now."""
    return _told(_comment(request, row_id), request.user)


@router.patch(
    "/comments/{row_id}", response={200: CommentOut, **refusals(404, 409, body=True)}, summary="Change a comment"
)
def change_comment(request: Request, row_id: RowId, body: CommentChange) -> dict[str, Any]:
    """Its author says it in other words; after 15 minutes what it said before stays readable. It counts as new."""
    row = _comment(request, row_id)
    services.edit_comment(comment_id=row.pk, body=body.body, by=request.user)
    return _told_anew(row.pk, request.user)


@router.delete("/comments/{row_id}", response={204: None, **refusals(404, 409)}, summary="Delete a comment")
def delete_comment(request: Request, row_id: RowId) -> Status[None]:
    """Its author takes it back; replies stand, under a tombstone."""
    services.delete_comment(comment_id=_comment(request, row_id).pk, by=request.user)
    return Status(204, None)


@router.post(
    "/comments/{row_id}/reports", response={204: None, **refusals(404, 409, body=True)}, summary="Report a comment"
)
def report_comment(request: Request, row_id: RowId, body: ReportIn) -> Status[None]:
    """Put it before a moderator. Its author does not learn who did."""
    services.report_comment(
        comment_id=_comment(request, row_id).pk, reason=body.reason, note=body.note or "", by=request.user
    )
    return Status(204, None)


@router.post(
    "/comments/{row_id}/acts", response={200: CommentOut, **refusals(404, 409, body=True)}, summary="Moderate a comment"
)
def moderate_comment(request: Request, row_id: RowId, body: ActIn) -> dict[str, Any]:
    """Hide, remove, restore or keep it; whoever may not moderate finds nothing here."""
    if not request.user.has_perm("comments.moderate"):
        raise Http404
    row = Comment.objects.filter(on_visible_threads(request.user)).filter(pk=row_id).first()
    if row is None:
        raise Http404
    services.moderate_comment(comment_id=row.pk, kind=body.kind, reason=body.reason, by=request.user)
    return _told_anew(row.pk, request.user)


# --- What is said about a thing --------------------------------------------------------------------------------------


@router.put(
    "/comments/{target}/{row_id}/subscription",
    response={204: None, **refusals(404)},
    summary="Follow what is said",
)
def follow_thing(request: Request, target: Target, row_id: RowId) -> Status[None]:
    """Be told once a day what is new about a thing."""
    services.follow_thread(thing=_thing(request, target, row_id), by=request.user)
    return Status(204, None)


@router.delete(
    "/comments/{target}/{row_id}/subscription",
    response={204: None, **refusals(404)},
    summary="Follow no more what is said",
)
def unfollow_thing(request: Request, target: Target, row_id: RowId) -> Status[None]:
    """Be told nothing more about a thing."""
    services.unfollow_thread(thing=_thing(request, target, row_id), by=request.user)
    return Status(204, None)


@router.get(
    "/comments/{target}/{row_id}", response={200: CommentList, **refusals(404)}, summary="What is said about it?"
)
def list_comments(request: Request, target: Target, row_id: RowId, paging: PageQuery) -> dict[str, Any]:
    """Every comment that can be seen, the latest first; a tombstone where a visible reply needs one."""
    kind, pk = targets.place_of(_thing(request, target, row_id))
    seen = Q(is_shown=True) | Comment.objects.shadowed_of(request.user)
    rows = Comment.objects.filter(seen, thread__content_type_id=kind, thread__object_id=pk)
    page: keyset.Page[Comment] = keyset.page(
        services.with_files(rows=rows.select_related("author")), by=("id",), limit=paging.limit, cursor=paging.cursor
    )
    return {"items": [_told(row, request.user) for row in page.items], "next": page.next}


@router.post(
    "/comments/{target}/{row_id}", response={201: CommentOut, **refusals(404, 409, body=True)}, summary="Say something"
)
def create_comment(request: Request, target: Target, row_id: RowId, body: CommentIn) -> Status[dict[str, Any]]:
    """Say something about a thing, or answer a comment. What a moderator has to see first comes back as `held`."""
    thing = _thing(request, target, row_id)
    row = services.post_comment(thing=thing, body=body.body, by=request.user, parent_id=body.parent, files=body.files)
    return Status(201, _told_anew(row.pk, request.user))
