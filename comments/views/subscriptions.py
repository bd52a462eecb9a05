"""What a person follows, and the button that begins or ends it."""

from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import urlencode
from django.views.decorators.http import require_POST, require_safe

from comments import services
from comments.forms import FollowForm
from comments.models import Subscription, Thread
from comments.views.talk import cursor_of
from lib import keyset, targets
from sessions_app.requests import Request


@require_safe
def followed(request: Request) -> HttpResponse:
    rows = Subscription.objects.of_person(request.user).select_related("thread")
    try:
        page: keyset.Page[Subscription] = keyset.page(rows, by=("id",), cursor=cursor_of(request))
    except keyset.CursorInvalid as error:
        raise BadRequest(str(error)) from error
    threads = [row.thread for row in page.items]
    things = targets.load({(row.content_type_id, row.object_id) for row in threads}, relation=Thread)
    found = [(things.get((row.content_type_id, row.object_id)), row) for row in threads]
    context = {
        "followed": [
            {"thing": thing, "target": targets.label_of(thing), "count": row.comment_count}
            for thing, row in found
            if thing is not None
        ],
        "older": urlencode({"cursor": page.next}) if page.next else "",
    }
    return render(request, "comments/followed.html", context)


@require_POST
def subscription(request: Request, target: str, object_id: int) -> HttpResponse:
    thing: Any = targets.find(target, object_id, relation=Thread, user=request.user)
    if thing is None:
        raise Http404
    form = FollowForm(request.POST)
    if not form.is_valid():
        raise BadRequest("What to do is follow: yes or no.")
    if form.cleaned_data["follow"] == "yes":
        services.follow_thread(thing=thing, by=request.user)
        messages.success(request, "You follow it: what is new comes in one mail, at most once a day.")
    else:
        services.unfollow_thread(thing=thing, by=request.user)
        messages.success(request, "You do not follow it any more.")
    return redirect("comments:followed" if form.cleaned_data["back"] else cast(Any, thing))
