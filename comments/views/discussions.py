"""The noticeboard: discussions, newest first, one by one, a new one, and what its author does to it later."""

from typing import cast

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import BadRequest
from django.db.models import QuerySet
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from comments import services, texts
from comments.forms import DiscussionForm, DiscussionWordsForm
from comments.models import Discussion, Revision
from comments.views import files, talk
from comments.views.writing import after
from lib import keyset
from likes import services as likes
from quotas import services as quotas
from sessions_app.requests import Request
from tagging import services as tagging

NEWEST = ("is_pinned", "created_at", "id")


@require_safe
def discussion_list(request: Request) -> HttpResponse:
    rows = Discussion.objects.visible_to(request.user).with_authors().with_threads()
    page = page_of(rows, request)
    context = {
        "discussions": page.items,
        "standings": likes.standings(things=page.items, user=request.user),
        "tags": tagging.tags_of(things=page.items),
        "begins": not request.GET.get("cursor"),
        "has_public_log": settings.COMMENTS_PUBLIC_LOG,
        "older": urlencode({"cursor": page.next}) if page.next else "",
    }
    return render(request, "comments/discussion_list.html", context)


def page_of(rows: QuerySet[Discussion], request: Request) -> keyset.Page[Discussion]:
    cursor = request.GET.get("cursor", "")
    try:
        return keyset.page(rows, by=NEWEST, cursor=cursor[: keyset.CURSOR_MAX])
    except keyset.CursorInvalid as error:
        raise BadRequest(str(error)) from error


@require_safe
def discussion_detail(request: Request, discussion_id: int) -> HttpResponse:
    discussion = _read(request, discussion_id)
    context = {
        "discussion": discussion,
        "is_open": (is_open := discussion.stands_for(request.user.pk)),
        "is_closed": not is_open,
        "is_mine": discussion.author_id == request.user.pk,
        "standing": likes.read_standing(thing=discussion, user=request.user),
        "tags": tagging.tags_of(things=[discussion])[discussion.pk],
        "may_tag": discussion.may_be_tagged_by(request.user),
        "pin_url": reverse("comments:pin", args=[discussion.pk]),
        "is_followed": discussion.is_followed,
        **talk.thread_context(request, discussion, discussion.thread),
    }
    return render(request, "comments/discussion_detail.html", context)


def _read(request: Request, discussion_id: int) -> Discussion:
    """Return a discussion that the reader may see; a moderator also one that was held or taken away. Else 404."""
    rows = services.with_files(rows=Discussion.objects.with_authors().with_threads(request.user))
    found: Discussion | None = rows.visible_to(request.user).filter(pk=discussion_id).first()
    if found is None and request.user.has_perm("comments.moderate"):
        found = rows.undeleted().filter(pk=discussion_id).first()
    if found is None:
        raise Http404
    return found


@require_safe
def discussion_text(request: Request, discussion_id: int) -> StreamingHttpResponse:
    """Send all of it as it is read: no page holds a whole large thread, and neither does this."""
    rows = Discussion.objects.visible_to(request.user).with_authors().with_threads()
    discussion = get_object_or_404(rows, pk=discussion_id)
    said = services.read_whole(thread=discussion.thread, user=request.user)
    # The zone of the person, which is not the thread's any more when the pieces are sent.
    pieces = texts.whole(discussion, said, timezone.get_current_timezone())
    return StreamingHttpResponse(pieces, content_type="text/plain; charset=utf-8")


@require_http_methods(["GET", "HEAD", "POST"])
def discussion_new(request: Request) -> HttpResponse:
    form = DiscussionForm(request.POST if request.method == "POST" else None)
    desk, seconds = files.Desk(request), 0
    if request.method == "POST" and form.is_valid() and desk.is_taken():
        try:
            return _opened(request, form, desk)
        except services.CommentsError as error:
            form.add_error("body", str(error))
            seconds = getattr(error, "seconds", 0)
        except tagging.NamesRefused as error:
            form.add_error("tags", error.reasons)
        except quotas.QuotaError as error:
            desk.refuse(str(error))
    context = {"form": form, "desk": desk, "choices": desk.choices()}
    status = desk.status if form.is_bound else 200
    response = render(request, "comments/discussion_form.html", context, status=429 if seconds else status)
    return after(response, seconds)


def _opened(request: Request, form: DiscussionForm, desk: files.Desk) -> HttpResponse:
    said = form.cleaned_data | {"tags": tagging.split_names(text=form.cleaned_data["tags"])}
    discussion = services.open_discussion(**said, files=desk.keys, by=request.user)
    messages.success(request, _became(discussion))
    return redirect(discussion)


def _became(discussion: Discussion) -> str:
    """Say to its author what became of it; of a limit they are not told."""
    if discussion.is_visible or discussion.is_shadowed:
        return "It is on the noticeboard."
    return "A moderator looks at it first. You need not send it again."


def _mine(request: Request, discussion_id: int) -> Discussion:
    rows = services.with_files(rows=Discussion.objects.visible_to(request.user).filter(author=request.user))
    return cast(Discussion, get_object_or_404(rows, pk=discussion_id))


@require_http_methods(["GET", "HEAD", "POST"])
def discussion_edit(request: Request, discussion_id: int) -> HttpResponse:
    discussion = _mine(request, discussion_id)
    said = {"title": discussion.title, "body": discussion.body}
    form = DiscussionWordsForm(request.POST if request.method == "POST" else None, initial=said)
    if request.method == "POST" and form.is_valid():
        try:
            row = services.edit_discussion(discussion_id=discussion.pk, by=request.user, **form.cleaned_data)
        except services.CommentsError as error:
            form.add_error("body", str(error))
        else:
            is_quiet = row.is_visible or row.is_shadowed
            messages.success(request, "It says that now." if is_quiet else _became(row))
            return redirect(row)
    context = {"discussion": discussion, "form": form}
    return render(request, "comments/discussion_edit.html", context, status=422 if form.is_bound else 200)


@require_safe
def discussion_history(request: Request, discussion_id: int) -> HttpResponse:
    discussion = get_object_or_404(Discussion.objects.visible_to(request.user), pk=discussion_id)
    revisions = Revision.objects.filter(discussion=discussion).order_by("-pk")[:100]
    context = {"said": discussion, "thing": discussion, "revisions": revisions}
    return render(request, "comments/history.html", context)


@require_POST
def discussion_deletion_new(request: Request, discussion_id: int) -> HttpResponse:
    discussion = _mine(request, discussion_id)
    try:
        services.delete_discussion(discussion_id=discussion.pk, by=request.user)
    except services.CommentsError as error:
        messages.error(request, str(error))
        return redirect(discussion)
    return render(request, "comments/discussion_deleted.html", {"discussion": discussion})


@require_POST
def discussion_deletion_undo(request: Request, discussion_id: int) -> HttpResponse:
    discussion = get_object_or_404(Discussion, pk=discussion_id, author=request.user)
    try:
        services.undo_discussion_deletion(discussion_id=discussion.pk, by=request.user)
    except services.CommentsError as error:
        messages.error(request, str(error))
        return redirect("comments:discussions")
    messages.success(request, "It stands again.")
    return redirect(discussion)
