"""The noticeboard: discussions, newest first, one by one, and a new one."""

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import BadRequest
from django.db.models import QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_safe

from comments import services, texts
from comments.forms import DiscussionForm
from comments.models import Discussion
from comments.views import files, talk
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
    rows = Discussion.objects.visible_to(request.user).with_authors().with_threads(request.user)
    discussion = get_object_or_404(services.with_files(rows=rows), pk=discussion_id)
    context = {
        "discussion": discussion,
        "standing": likes.read_standing(thing=discussion, user=request.user),
        "tags": tagging.tags_of(things=[discussion])[discussion.pk],
        "may_tag": discussion.may_be_tagged_by(request.user),
        "pin_url": reverse("comments:pin", args=[discussion.pk]),
        "is_followed": discussion.is_followed,
        **talk.thread_context(request, discussion, discussion.thread),
    }
    return render(request, "comments/discussion_detail.html", context)


@require_safe
def discussion_text(request: Request, discussion_id: int) -> StreamingHttpResponse:
    """Send all of it as it is read: no page holds a whole large thread, and neither does this."""
    rows = Discussion.objects.visible_to(request.user).with_authors().with_threads()
    discussion = get_object_or_404(rows, pk=discussion_id)
    said = services.read_whole(thread=discussion.thread)
    # The zone of the person, which is not the thread's any more when the pieces are sent.
    pieces = texts.whole(discussion, said, timezone.get_current_timezone())
    return StreamingHttpResponse(pieces, content_type="text/plain; charset=utf-8")


@require_http_methods(["GET", "HEAD", "POST"])
def discussion_new(request: Request) -> HttpResponse:
    form = DiscussionForm(request.POST if request.method == "POST" else None)
    desk = files.Desk(request)
    if request.method == "POST" and form.is_valid() and desk.is_taken():
        tags = tagging.split_names(text=form.cleaned_data["tags"])
        said = {"title": form.cleaned_data["title"], "body": form.cleaned_data["body"]}
        try:
            discussion = services.open_discussion(by=request.user, tags=tags, files=desk.keys, **said)
        except services.CommentsError as error:
            form.add_error("body", str(error))
        except tagging.NamesRefused as error:
            form.add_error("tags", error.reasons)
        except quotas.QuotaError as error:
            desk.refuse(str(error))
        else:
            messages.success(request, "It is on the noticeboard.")
            return redirect(discussion)
    context = {"form": form, "desk": desk, "choices": desk.choices()}
    return render(request, "comments/discussion_form.html", context, status=desk.status if form.is_bound else 200)
