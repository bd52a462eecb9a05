"""What is said: threads in any order, one comment where it stands, replies that were left out, what was edited."""

from typing import Any

from django.core.exceptions import BadRequest
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from comments import services
from comments.forms import CommentForm
from comments.models import Comment, Revision, Thread
from lib import keyset, targets
from sessions_app.requests import Request


def sort_of(request: Request) -> services.Sort:
    sort = services.SORTS.get(request.GET.get("sort") or "best")
    if sort is None:
        raise BadRequest(f"There is no such order; there are: {', '.join(services.SORTS)}.")
    return sort


def thread_context(request: Request, thing: Any, thread: Thread | None) -> dict[str, Any]:
    """Return what `comments/_thread.html` shows of a thing: two statements, whatever the size of its thread."""
    sort, is_flat = sort_of(request), request.GET.get("view") == services.FLAT
    read = services.read_flat if is_flat else services.read_branches
    try:
        page = read(thread=thread, user=request.user, sort=sort, cursor=cursor_of(request))
    except keyset.CursorInvalid as error:
        raise BadRequest(str(error)) from error
    view = {"view": services.FLAT} if is_flat else {}
    return {
        "thread": thread,
        "thing": thing,
        "target": targets.label_of(thing),
        "nodes": page.nodes,
        "sort": sort,
        "sorts": services.SORTS.values(),
        "is_flat": is_flat,
        "begins": not request.GET.get("cursor"),
        "older": urlencode({"sort": sort.slug, **view, "cursor": page.next}) if page.next else "",
        "comment_form": CommentForm(),
    }


def cursor_of(request: Request) -> str:
    return request.GET.get("cursor", "")[: keyset.CURSOR_MAX]


def comment_of(request: Request, comment_id: int) -> Comment:
    """Return a comment that the reader may see, as a tombstone too; 404 for any other."""
    rows = Comment.objects.visible_to(request.user).select_related("thread")
    return get_object_or_404(services.with_votes(rows=rows, user=request.user), pk=comment_id)


@require_safe
def comment_detail(request: Request, comment_id: int) -> HttpResponse:
    comment, sort = comment_of(request, comment_id), sort_of(request)
    above, page = services.read_alone(comment=comment, user=request.user, sort=sort)
    return render(request, "comments/comment_detail.html", _alone(comment, sort, above, page))


def _alone(
    comment: Comment, sort: services.Sort, above: list[services.Node], page: services.Branches
) -> dict[str, Any]:
    return {
        "comment": comment,
        "thread": comment.thread,
        "thing": comment.thread.thing,
        "above": above,
        "nodes": page.nodes,
        "sort": sort,
        "rest": services.rest_of(comment=comment, page=page, sort=sort),
    }


@require_safe
def reply_list(request: Request, comment_id: int) -> HttpResponse:
    """Show the replies after a cursor: alone on a page, or as the branch that htmx puts in the place of its link."""
    comment, sort = comment_of(request, comment_id), sort_of(request)
    try:
        page = services.read_branches(
            thread=comment.thread, user=request.user, sort=sort, parent=comment, cursor=cursor_of(request)
        )
    except keyset.CursorInvalid as error:
        raise BadRequest(str(error)) from error
    context = _alone(comment, sort, [services.Node(comment, comment.depth)], page)
    template = "comments/_more.html" if request.htmx else "comments/comment_detail.html"  # type: ignore[attr-defined]
    return render(request, template, context)


@require_safe
def history(request: Request, comment_id: int) -> HttpResponse:
    comment = comment_of(request, comment_id)
    revisions = (
        Revision.objects.filter(comment=comment).order_by("-pk")[:100] if comment.stands_for(request.user.pk) else []
    )
    context = {"said": comment, "thing": comment.thread.thing, "revisions": revisions}
    return render(request, "comments/history.html", context)
