"""Reacting to a thing, who did, and what a person liked."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.views.decorators.http import require_POST, require_safe

from lib import keyset, targets
from likes import kinds, services
from likes.forms import NoticeForm, ReactionForm
from likes.models import Notice, Reaction
from sessions_app.requests import Request


@require_POST
def reaction_set(request: Request, target: str, object_id: int) -> HttpResponse:
    return _act(request, target, object_id, services.set_reaction)


@require_POST
def reaction_clear(request: Request, target: str, object_id: int) -> HttpResponse:
    return _act(request, target, object_id, services.clear_reaction)


def _act(request: Request, target: str, object_id: int, service: Any) -> HttpResponse:
    thing = _thing(request, target, object_id)
    form = ReactionForm(request.POST)
    if not form.is_valid():
        raise BadRequest("; ".join(str(error) for errors in form.errors.values() for error in errors))
    try:
        service(thing=thing, kind=form.cleaned_data["kind"], by=request.user)
    except services.LikesError as error:
        return _refused(request, thing, form, error)
    if request.htmx:  # type: ignore[attr-defined]
        return _bar(request, thing, form)
    return redirect(_way_back(request, thing, form))


def _thing(request: Request, target: str, object_id: int) -> Any:
    thing = targets.find(target, object_id, relation=Reaction, user=request.user)
    if thing is None:
        raise Http404
    return thing


def _refused(request: Request, thing: Any, form: ReactionForm, error: services.LikesError) -> HttpResponse:
    if request.htmx:  # type: ignore[attr-defined]
        return _bar(request, thing, form, refusal=str(error))
    messages.error(request, str(error))
    return redirect(_way_back(request, thing, form))


def _bar(request: Request, thing: Any, form: ReactionForm, refusal: str = "") -> HttpResponse:
    """Return the fragment as it is now; a refusal stands in it, so it is swapped in like any answer."""
    standing = services.read_standing(thing=thing, user=request.user)
    context = {"thing": thing, "standing": standing, "next": form.cleaned_data["next"], "refusal": refusal}
    return render(request, "likes/_reactions.html", context | {"target": targets.label_of(thing)})


def _way_back(request: Request, thing: Any, form: ReactionForm) -> str:
    wanted = form.cleaned_data["next"]
    if not url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure()):
        wanted = thing.get_absolute_url()
    return f"{wanted.partition('#')[0]}#reactions-{targets.label_of(thing).replace('.', '-')}-{thing.pk}"


@require_safe
def people(request: Request, target: str, object_id: int) -> HttpResponse:
    thing = _thing(request, target, object_id)
    standing = services.read_standing(thing=thing, user=request.user)
    tabs = [each for each in standing.choices if each.kind.family != kinds.VOTE and each.count]
    kind = request.GET.get("kind") or (tabs[0].kind.slug if tabs else kinds.LIKE)
    if kind not in kinds.ALL or kinds.ALL[kind].family == kinds.VOTE:
        raise BadRequest("There is no such reaction, or nobody is shown who said it.")
    page = _page(Reaction.objects.to(thing).told().filter(kind=kind).select_related("user"), request)
    context = {"thing": thing, "target": target, "tabs": tabs, "kind": kinds.ALL[kind], "rows": page.items}
    return render(request, "likes/people.html", context | {"older": _older(page, kind=kind)})


@require_safe
def mine(request: Request) -> HttpResponse:
    rows = Reaction.objects.of_person(request.user).visible_to(request.user)
    page = _page(rows, request)
    places = [(row.content_type_id, row.object_id) for row in page.items]
    things = targets.load(places, relation=Reaction, user=request.user)
    context = {
        "liked": [
            (things[place], row, kinds.ALL[row.kind])
            for place, row in zip(places, page.items, strict=True)
            if place in things
        ],
        "begins": not request.GET.get("cursor"),
        "older": _older(page),
        "muted": Notice.objects.filter(user=request.user, muted_at__isnull=False).exists(),
    }
    return render(request, "likes/mine.html", context)


def _page(rows: Any, request: Request) -> keyset.Page[Reaction]:
    try:
        return keyset.page(rows, by=("id",), cursor=request.GET.get("cursor", "")[: keyset.CURSOR_MAX])
    except keyset.CursorInvalid as error:
        raise BadRequest(str(error)) from error


def _older(page: keyset.Page[Reaction], **more: str) -> str:
    return urlencode({"cursor": page.next, **more}) if page.next else ""


@require_POST
def notices(request: Request) -> HttpResponse:
    form = NoticeForm(request.POST)
    if not form.is_valid():
        raise BadRequest("Mails are on or off.")
    if form.cleaned_data["mails"] == "on":
        services.unmute_notices(user_id=request.user.pk)
        messages.success(request, "You get a mail when somebody likes what is yours; at most one a day.")
    else:
        services.mute_notices(user_id=request.user.pk)
        messages.success(request, "You get no mails about likes any more.")
    return redirect("likes:mine")
