"""Atom feeds: of discussions, of what is said in one, of what carries a tag; and the page that gives their address."""

import re
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from django.utils.http import urlencode
from django.views.decorators.http import conditional_page, require_POST, require_safe

from comments import services
from comments.models import Comment, Discussion
from sessions_app.models import User
from sessions_app.requests import Request
from tagging import services as tagging

# What XML 1.0 cannot hold, whoever wrote it.
UNTELLABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def reader_of(request: Request) -> User:
    """Return who reads: by the key in the address, or by their session; nobody else learns that there is a feed."""
    user = services.reader_of(key=request.GET.get("key", "")[:200])
    if user is None and request.user.is_authenticated:
        user = request.user
    if user is None:
        raise Http404
    return user


@login_not_required
@conditional_page
@require_safe
def discussions_feed(request: Request) -> HttpResponse:
    rows = services.newest_discussions(user=reader_of(request))
    return _answer("Discussions", reverse("comments:discussions"), map(_discussion, rows))


@login_not_required
@conditional_page
@require_safe
def discussion_feed(request: Request, discussion_id: int) -> HttpResponse:
    reader = reader_of(request)
    discussion = get_object_or_404(Discussion.objects.visible_to(reader), pk=discussion_id)
    entries = map(_comment, services.newest_comments(discussion=discussion, user=reader))
    return _answer(discussion.title, discussion.get_absolute_url(), entries)


@login_not_required
@conditional_page
@require_safe
def tag_feed(request: Request, names: str) -> HttpResponse:
    try:
        rows = services.newest_tagged(address=names, user=reader_of(request))
    except tagging.UnknownTag as error:
        raise Http404(str(error)) from error
    return _answer(f"Discussions: {names}", reverse("tagging:tag", args=[names]), map(_discussion, rows))


def _discussion(row: Discussion) -> dict[str, Any]:
    return _entry(row, row.title, row.body_html, row.created_at)


def _comment(row: Comment) -> dict[str, Any]:
    return _entry(row, f"{row.author or 'Somebody who left'} wrote", row.body_html, row.published_at or row.created_at)


def _entry(row: Any, title: str, html: str, at: Any) -> dict[str, Any]:
    link = settings.BASE_URL + row.get_absolute_url()
    author = _told(str(row.author or "somebody who left"))
    told = {"title": _told(title), "description": _told(html), "author_name": author}
    return told | {"link": link, "unique_id": link, "pubdate": at, "updateddate": at}


def _told(text: str) -> str:
    return UNTELLABLE.sub("", text)


def _answer(title: str, path: str, entries: Iterable[dict[str, Any]]) -> HttpResponse:
    name = f"{_told(title)} · {settings.HALL_NAME}"
    feed = Atom1Feed(title=name, link=settings.BASE_URL + path, description=None, language=settings.LANGUAGE_CODE)
    for entry in entries:
        feed.add_item(**entry)
    response = HttpResponse(feed.writeString("utf-8"), content_type="application/atom+xml; charset=utf-8")
    response["Cache-Control"] = "private, max-age=300"
    return response


@require_safe
def feed_addresses(request: Request) -> HttpResponse:
    key = services.feed_key(user=request.user)
    address = f"{settings.BASE_URL}{reverse('comments:discussions_feed')}?{urlencode({'key': key})}" if key else ""
    return render(request, "comments/feeds.html", {"address": address, "key": key})


@require_POST
def feed_key_new(request: Request) -> HttpResponse:
    services.renew_feed_key(by=request.user)
    messages.success(request, "Here is your address. Those before it are shut.")
    return redirect("comments:feeds")
