"""What moderators did: for themselves, and by setting for everybody."""

from django.conf import settings
from django.core.exceptions import BadRequest
from django.db.models import Q, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from comments import services
from comments.models import Act, Thread, on_visible_threads
from comments.views.moderation import must_moderate
from comments.views.talk import cursor_of
from lib import keyset, targets
from sessions_app.requests import Request


@require_safe
def log(request: Request) -> HttpResponse:
    must_moderate(request)
    page = _page_of(Act.objects.select_related("by", "comment", "thread", "person"), request)
    acts = services.with_things(acts=page.items)
    return render(request, "comments/log.html", {"acts": acts, "older": _older(page)})


@require_safe
def public_log(request: Request) -> HttpResponse:
    if not settings.COMMENTS_PUBLIC_LOG:
        raise Http404
    # What was done to a discussion that nobody sees any more is told without its words.
    taken_away = Q(comment=None, kind__in=(Act.Kind.HIDE, Act.Kind.REMOVE))
    seen = on_visible_threads(request.user) | taken_away
    acts = Act.objects.public().filter(seen).select_related("thread", "comment")
    page = _page_of(acts, request)
    places = {(act.thread.content_type_id, act.thread.object_id) for act in page.items}
    things = targets.load(places, relation=Thread, user=request.user)
    told = [{"act": act, "thing": things.get((act.thread.content_type_id, act.thread.object_id))} for act in page.items]
    return render(request, "comments/public_log.html", {"acts": told, "older": _older(page)})


def _page_of(rows: QuerySet[Act], request: Request) -> keyset.Page[Act]:
    try:
        return keyset.page(rows, by=("id",), cursor=cursor_of(request))
    except keyset.CursorInvalid as error:
        raise BadRequest(str(error)) from error


def _older(page: keyset.Page[Act]) -> str:
    return urlencode({"cursor": page.next}) if page.next else ""
