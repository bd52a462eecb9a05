"""The JSON API of comments: what is said about a thing, saying something, and moderation with its appeals."""

from typing import Any

from django.db.models import Q
from django.http import Http404
from django.urls import reverse
from ninja import Router, Status

from comments import services
from comments.api.schemas import (
    ActIn,
    ActList,
    AppealIn,
    AppealOut,
    CommentChange,
    CommentIn,
    CommentList,
    CommentOut,
    DecisionIn,
    OpenAppealList,
    ReportIn,
    Target,
)
from comments.models import Act, Appeal, Comment, Thread
from lib import keyset, targets
from lib.payloads import PageQuery, RowId, refusals
from sessions_app.requests import Request

router = Router(tags=["Comments"])


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
    _must_moderate(request)
    row = Comment.objects.filter(pk=row_id).first()
    if row is None:
        raise Http404
    services.moderate_comment(comment_id=row.pk, kind=body.kind, reason=body.reason, by=request.user)
    return _told_anew(row.pk, request.user)


def _must_moderate(request: Request) -> None:
    if not request.user.has_perm("comments.moderate"):
        raise Http404


# --- Looking again ---------------------------------------------------------------------------------------------------


@router.get("/moderation/mine", response={200: ActList, **refusals(404)}, summary="What was done to me?")
def list_acts_about_me(request: Request, paging: PageQuery) -> dict[str, Any]:
    """What moderators did to you and to what you wrote, the latest first, each with the appeal against it."""
    rows = services.acts_about(user=request.user)
    page: keyset.Page[Act] = keyset.page(rows, by=("id",), limit=paging.limit, cursor=paging.cursor)
    items = [_act_told(act) for act in services.with_appeals(acts=page.items)]
    return {"items": items, "next": page.next}


@router.post(
    "/moderation/acts/{row_id}/appeal",
    response={201: AppealOut, **refusals(404, 409, body=True)},
    summary="Appeal against an act",
)
def create_appeal(request: Request, row_id: RowId, body: AppealIn) -> Status[Appeal]:
    """Ask another moderator to look again, once, within thirty days; only whom the act was about can."""
    act = services.acts_about(user=request.user).filter(pk=row_id, kind__in=Act.APPEALABLE).first()
    if act is None:
        raise Http404
    return Status(201, services.appeal(act_id=act.pk, text=body.text, by=request.user))


@router.get("/moderation/appeals", response={200: OpenAppealList, **refusals(404)}, summary="Which appeals wait?")
def list_open_appeals(request: Request, paging: PageQuery) -> dict[str, Any]:
    """The appeals that nobody has decided yet; whoever may not moderate finds nothing here."""
    _must_moderate(request)
    rows = services.open_appeals()
    page: keyset.Page[Appeal] = keyset.page(rows, by=("id",), limit=paging.limit, cursor=paging.cursor)
    return {"items": [_open_appeal_told(row) for row in page.items], "next": page.next}


@router.put(
    "/moderation/appeals/{row_id}/decision",
    response={200: AppealOut, **refusals(404, 409, body=True)},
    summary="Decide an appeal",
)
def decide_appeal(request: Request, row_id: RowId, body: DecisionIn) -> Appeal:
    """Take the act back or let it stand, as another moderator than the one who acted; what was decided stays."""
    _must_moderate(request)
    row = Appeal.objects.filter(pk=row_id).first()
    if row is None:
        raise Http404
    return services.decide_appeal(appeal_id=row.pk, granted=body.granted, answer=body.answer, by=request.user)


def _act_told(act: Act) -> dict[str, Any]:
    return {
        "id": act.pk,
        "kind": act.kind,
        "reason": act.reason,
        "comment": act.comment_id,
        "created_at": act.created_at,
        "may_appeal": act.may_appeal,
        "appeal": act.appeal,
    }


def _open_appeal_told(row: Appeal) -> dict[str, Any]:
    about = {"act": row.act_id, "kind": row.act.kind, "reason": row.act.reason, "comment": row.act.comment_id}
    people = {"by": str(row.by), "acted_by": str(row.act.by) if row.act.by else None}
    return {name: getattr(row, name) for name in AppealOut.model_fields} | about | people


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
