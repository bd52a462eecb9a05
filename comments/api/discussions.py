"""The JSON API of the noticeboard: discussions themselves."""

from datetime import datetime
from typing import Annotated, Any

from django.http import Http404
from django.urls import reverse
from ninja import Router, Schema, Status
from pydantic import AfterValidator, ConfigDict, Field

from comments import services
from comments.api.schemas import ActIn, Attached, FileOut, ReportIn, checked
from comments.models import BODY_MAX, TITLE_MAX, Discussion
from lib import keyset
from lib.payloads import Line, Listing, PageQuery, RowId, refusals
from sessions_app.requests import Request
from tagging import services as tagging

router = Router(tags=["Discussions"])

EXAMPLE: dict[str, Any] = {
    "id": 12,
    "title": "Bread on Mondays",
    "author": "Alice Berger",
    "state": "visible",
    "body": "Bring *flour*.",
    "html": "<p>Bring <em>flour</em>.</p>\n",
    "tags": ["baking"],
    "comments": 3,
    "files": [],
    "created_at": "2026-11-24T19:40:07.016Z",
    "edited_at": None,
    "pinned_at": None,
    "locked_at": None,
    "url": "/discussions/12",
}
Title = Annotated[Line, Field(max_length=TITLE_MAX), AfterValidator(checked)]
Body = Annotated[str, Field(min_length=1, max_length=BODY_MAX, description="Markdown."), AfterValidator(checked)]


class DiscussionOut(Schema):
    """One discussion; what is said in it stands at `/comments/comments.discussion/{id}`."""

    model_config = ConfigDict(title="Discussion", json_schema_extra={"examples": [EXAMPLE]})

    id: int
    title: str
    author: str | None = Field(description="Null when they left.")
    state: str = Field(description="`held` while a moderator looks at it first: then only its author finds it.")
    body: str = Field(description="Markdown, as it was written.")
    html: str = Field(description="The same, rendered and sanitised.")
    tags: list[str]
    comments: int = Field(description="Visible ones.")
    files: list[FileOut] = Field(description="What is attached.")
    created_at: datetime
    edited_at: datetime | None
    pinned_at: datetime | None
    locked_at: datetime | None
    url: str


class DiscussionList(Listing):
    items: list[DiscussionOut]


class DiscussionIn(Schema):
    """What to put on the noticeboard."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"title": "Bread on Mondays", "body": "Bring *flour*.", "tags": ["baking"], "files": []}]
        },
    )

    title: Title
    body: Body
    tags: list[Annotated[str, Field(min_length=1, max_length=50)]] = Field(
        [], max_length=10, description="What is missing is made."
    )
    files: Attached = []


class DiscussionChange(Schema):
    """What it says instead; what is left out stays."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"title": "Bread on Tuesdays"}]})

    title: Title | None = None
    body: Body | None = None


def _rows(request: Request) -> Any:
    return services.with_files(rows=Discussion.objects.visible_to(request.user).with_authors().with_threads())


def _found(request: Request, pk: int) -> Discussion:
    row: Discussion | None = _rows(request).filter(pk=pk).first()
    if row is None:
        raise Http404
    return row


def _told(rows: list[Discussion], reader: Any) -> list[dict[str, Any]]:
    tags = tagging.tags_of(things=rows)
    return [_one(row, [tag.name for tag in tags[row.pk]], reader) for row in rows]


def _one(row: Discussion, tags: list[str], reader: Any) -> dict[str, Any]:
    thread = row.thread
    is_quiet = row.is_shadowed and row.author_id == reader.pk
    return {
        "id": row.pk,
        "title": row.title,
        "author": str(row.author) if row.author else None,
        "state": Discussion.State.VISIBLE if is_quiet else row.state,
        "body": row.body,
        "html": row.body_html,
        "tags": tags,
        "comments": thread.comment_count if thread else 0,
        "files": [file | {"url": reverse("quotas:attachment", args=[file["id"]])} for file in row.files],
        "created_at": row.created_at,
        "edited_at": row.edited_at,
        "pinned_at": row.pinned_at,
        "locked_at": thread.locked_at if thread else None,
        "url": row.get_absolute_url(),
    }


def _told_anew(request: Request, pk: int) -> dict[str, Any]:
    return _told([_found(request, pk)], request.user)[0]


@router.get("/discussions", response={200: DiscussionList, **refusals(404)}, summary="What hangs on the noticeboard?")
def list_discussions(request: Request, paging: PageQuery) -> dict[str, Any]:
    """Every discussion that you may see, the latest first."""
    page: keyset.Page[Discussion] = keyset.page(
        _rows(request), by=("created_at", "id"), limit=paging.limit, cursor=paging.cursor
    )
    return {"items": _told(page.items, request.user), "next": page.next}


@router.post(
    "/discussions", response={201: DiscussionOut, **refusals(404, 409, body=True)}, summary="Open a discussion"
)
def create_discussion(request: Request, body: DiscussionIn) -> Status[dict[str, Any]]:
    """Put it on the noticeboard, with tags and files. What a moderator has to see first comes back as `held`."""
    row = services.open_discussion(title=body.title, body=body.body, tags=body.tags, files=body.files, by=request.user)
    return Status(201, _told_anew(request, row.pk))


@router.get("/discussions/{row_id}", response={200: DiscussionOut, **refusals(404)}, summary="One discussion")
def show_discussion(request: Request, row_id: RowId) -> dict[str, Any]:
    """One discussion as it stands now."""
    return _told_anew(request, row_id)


@router.patch(
    "/discussions/{row_id}",
    response={200: DiscussionOut, **refusals(404, 409, body=True)},
    summary="Change a discussion",
)
def change_discussion(request: Request, row_id: RowId, body: DiscussionChange) -> dict[str, Any]:
    """Its author says it in other words; after 15 minutes what it said before stays readable. It counts as new."""
    row = _found(request, row_id)
    services.edit_discussion(discussion_id=row.pk, title=body.title, body=body.body, by=request.user)
    return _told_anew(request, row.pk)


@router.delete("/discussions/{row_id}", response={204: None, **refusals(404, 409)}, summary="Delete a discussion")
def delete_discussion(request: Request, row_id: RowId) -> Status[None]:
    """Its author takes it back, while nothing is said in it."""
    services.delete_discussion(discussion_id=_found(request, row_id).pk, by=request.user)
    return Status(204, None)


@router.post(
    "/discussions/{row_id}/reports",
    response={204: None, **refusals(404, 409, body=True)},
    summary="Report a discussion",
)
def report_discussion(request: Request, row_id: RowId, body: ReportIn) -> Status[None]:
    """Put it before a moderator. Its author does not learn who did."""
    row = _found(request, row_id)
    services.report_discussion(discussion_id=row.pk, reason=body.reason, note=body.note or "", by=request.user)
    return Status(204, None)


@router.post(
    "/discussions/{row_id}/acts", response={204: None, **refusals(404, 409, body=True)}, summary="Moderate a discussion"
)
def moderate_discussion(request: Request, row_id: RowId, body: ActIn) -> Status[None]:
    """Hide, remove, restore or keep it, with all that is said in it; whoever may not moderate finds nothing here."""
    if not (request.user.has_perm("comments.moderate") and Discussion.objects.filter(pk=row_id).exists()):
        raise Http404
    services.moderate_discussion(discussion_id=row_id, kind=body.kind, reason=body.reason, by=request.user)
    return Status(204, None)
