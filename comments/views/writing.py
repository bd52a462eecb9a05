"""Saying something: plain forms, and the same as fragments that htmx puts in their place."""

from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.safestring import SafeString
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from comments import rendering, services
from comments.forms import CommentForm, VoteForm
from comments.models import Comment, Thread, on_visible_threads
from comments.views import files
from comments.views.talk import comment_of, sort_of
from lib import targets
from likes import services as likes
from quotas import services as quotas
from sessions_app.requests import Request

# Tells the page that the draft of these words is not needed any more.
TAKEN = "comment-taken"


@require_http_methods(["GET", "HEAD", "POST"])
def comment_new(request: Request, target: str, object_id: int) -> HttpResponse:
    thing = targets.find(target, object_id, relation=Thread, user=request.user)
    if thing is None:
        raise Http404
    form = CommentForm(request.POST if request.method == "POST" else None)
    desk = files.Desk(request)
    if request.method == "POST" and form.is_valid() and desk.is_taken():
        said = {"body": form.cleaned_data["body"], "parent_id": form.cleaned_data["parent"]}
        try:
            row = services.post_comment(thing=thing, by=request.user, files=desk.keys, **said)
        except services.TooSoon as error:
            form.add_error("body", str(error))
            return _too_soon(request, thing, form, desk, error.seconds)
        except services.CommentsError as error:
            form.add_error("body", str(error))
        except quotas.QuotaError as error:
            desk.refuse(str(error))
        else:
            return _posted(request, thing, row, said["parent_id"])
    return _form(request, thing, form, desk)


def _posted(request: Request, thing: Any, row: Comment, parent_id: int | None) -> HttpResponse:
    if not row.stands_for(request.user.pk):
        return _held(request, thing)
    if not request.htmx:  # type: ignore[attr-defined]
        messages.success(request, "It stands in the thread.")
        return redirect(f"{row.get_absolute_url()}#comment-{row.pk}")
    said = services.with_votes(rows=Comment.objects.filter(pk=row.pk), user=request.user).get()
    context = {
        "posted": [services.Node(said, said.depth)],
        "comment": said,
        "answered": parent_id,
        "thing": thing,
        "target": targets.label_of(thing),
        "sort": sort_of(request),
    }
    response = render(request, "comments/_posted.html", context | {"comment_form": CommentForm()})
    response["HX-Retarget"] = f"#replies-{row.parent_id}" if row.parent_id else "#comments"
    response["HX-Reswap"] = "beforeend"
    response["HX-Trigger"] = TAKEN
    return response


def _held(request: Request, thing: Any) -> HttpResponse:
    if request.htmx:  # type: ignore[attr-defined]
        response = render(request, "comments/_held.html")
        response["HX-Trigger"] = TAKEN
        return response
    messages.info(request, "A moderator looks at it first. You need not send it again.")
    return redirect(thing)


def _too_soon(request: Request, thing: Any, form: CommentForm, desk: files.Desk, seconds: int) -> HttpResponse:
    response = after(_form(request, thing, form, desk), seconds)
    if not request.htmx:  # type: ignore[attr-defined]
        response.status_code = 429
    return response


def after(response: HttpResponse, seconds: int) -> HttpResponse:
    """Say in how many seconds it may be tried again, if it was too soon."""
    if seconds:
        response["Retry-After"] = str(seconds)
    return response


def _form(
    request: Request, thing: Any, form: CommentForm, desk: files.Desk, parent: Comment | None = None
) -> HttpResponse:
    """Show the form with what is wrong with it; for htmx as a fragment, which it only swaps in when it is a 200."""
    parent_id = parent.pk if parent else str(form["parent"].value() or "")
    context = {
        "thing": thing,
        "target": targets.label_of(thing),
        "comment_form": form,
        "parent_id": parent_id,
        "desk": desk,
        "choices": desk.choices(),
    }
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "comments/_form.html", context)
    status = desk.status if form.is_bound else 200
    return render(request, "comments/comment_form.html", context | {"parent": parent}, status=status)


@require_POST
def preview_new(request: Request) -> HttpResponse:
    """Show what a text will look like; nothing is kept."""
    form, html, refusal = CommentForm(request.POST), "", ""
    if form.is_valid():
        try:
            html = services.rendered(body=form.cleaned_data["body"])
        except services.CommentsError as error:
            refusal = str(error)
    else:
        refusal = " ".join(str(error) for errors in form.errors.values() for error in errors)
    context = {"html": SafeString(html), "refusal": refusal}
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "comments/_preview.html", context)
    return render(request, "comments/preview.html", context, status=422 if refusal else 200)


@require_POST
def vote_new(request: Request, comment_id: int) -> HttpResponse:
    comment, form = comment_of(request, comment_id), VoteForm(request.POST)
    if not form.is_valid() or not comment.stands_for(request.user.pk):
        raise BadRequest("A vote is up, down or none, on a comment that can be read.")
    refusal = ""
    try:
        services.vote(comment=comment, vote=form.cleaned_data["vote"], by=request.user)
    except likes.LikesError as error:
        refusal = str(error)
    if request.htmx:  # type: ignore[attr-defined]
        context = {"comment": comment_of(request, comment_id), "refusal": refusal, "sort": sort_of(request)}
        return render(request, "comments/_vote.html", context)
    if refusal:
        messages.error(request, refusal)
    return redirect(f"{comment.get_absolute_url()}#comment-{comment.pk}")


@require_safe
def reply_form(request: Request, comment_id: int) -> HttpResponse:
    parent = comment_of(request, comment_id)
    if not parent.stands_for(request.user.pk):
        raise Http404
    body = rendering.quoted(parent.body) if request.GET.get("quote") else ""
    form = CommentForm(initial={"parent": parent.pk, "body": body}, auto_id=f"id_reply_{parent.pk}_%s")
    return _form(request, parent.thread.thing, form, files.Desk(request), parent)


def _mine(request: Request, comment_id: int) -> Comment:
    rows = Comment.objects.filter(on_visible_threads(request.user), author=request.user).select_related("thread")
    return get_object_or_404(services.with_files(rows=rows), pk=comment_id)


@require_http_methods(["GET", "HEAD", "POST"])
def comment_edit(request: Request, comment_id: int) -> HttpResponse:
    comment = _mine(request, comment_id)
    form = CommentForm(request.POST if request.method == "POST" else None, initial={"body": comment.body})
    if request.method == "POST" and form.is_valid():
        try:
            row = services.edit_comment(comment_id=comment.pk, body=form.cleaned_data["body"], by=request.user)
        except services.CommentsError as error:
            form.add_error("body", str(error))
        else:
            if not row.stands_for(request.user.pk):
                return _held(request, comment.thread.thing)
            messages.success(request, "It says that now.")
            return redirect(f"{comment.get_absolute_url()}#comment-{comment.pk}")
    status = 422 if form.is_bound else 200
    context = {"comment": comment, "comment_form": form, "thing": comment.thread.thing}
    return render(request, "comments/comment_edit.html", context, status=status)


@require_POST
def deletion_new(request: Request, comment_id: int) -> HttpResponse:
    comment = _mine(request, comment_id)
    try:
        services.delete_comment(comment_id=comment.pk, by=request.user)
    except services.CommentsError as error:
        messages.error(request, str(error))
        return redirect(cast(Any, comment.thread.thing))
    context = {"comment": comment, "thing": comment.thread.thing}
    template = "comments/_deleted.html" if request.htmx else "comments/comment_deleted.html"  # type: ignore[attr-defined]
    return render(request, template, context)


@require_POST
def deletion_undo(request: Request, comment_id: int) -> HttpResponse:
    comment = _mine(request, comment_id)
    try:
        services.undo_deletion(comment_id=comment.pk, by=request.user)
    except services.CommentsError as error:
        messages.error(request, str(error))
        return redirect(cast(Any, comment.thread.thing))
    messages.success(request, "It stands again.")
    return redirect(f"{comment.get_absolute_url()}#comment-{comment.pk}")
