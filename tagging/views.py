"""The pages of tags: all of them, what carries some, suggestions, and what a person follows."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from lib import targets
from lib.keyset import CursorInvalid
from sessions_app.requests import Request
from tagging import addresses, services
from tagging.forms import FollowForm, NarrowForm, TagsForm
from tagging.models import Item, Tag, TagFollow

IN_USE = 120


@require_safe
def tag_list(request: Request) -> HttpResponse:
    follows, mutes = services.chosen_tags(user=request.user)
    used = Tag.objects.offered().filter(usage_count__gt=0).select_related("group").by_use()
    context = {"tags": list(used[:IN_USE]), "follows": follows, "mutes": mutes}
    return render(request, "tagging/tag_list.html", context)


@require_safe
def tag_detail(request: Request, names: str) -> HttpResponse:
    wanted = _wanted(request, names)
    if isinstance(wanted, HttpResponse):
        return wanted
    page = _page(request, wanted)
    context = {
        **_about(request, wanted),
        "wanted": wanted,
        "page": page,
        "count": services.count_found(wanted=wanted),
        "carried": _carried(page.things),
        "older": _query(request, cursor=page.next) if page.next else "",
        "begins": not request.GET.get("cursor"),
    }
    return render(request, "tagging/tag_detail.html", context)


def _wanted(request: Request, names: str) -> services.Wanted | HttpResponse:
    """Return what is asked for; the address of a synonym leads to its tag."""
    try:
        all_of = services.read_address(address=names)
        any_of = services.read_tags(names=request.GET.get("any", "").split())
        none_of = services.read_tags(names=request.GET.get("not", "").split())
    except services.UnknownTag as error:
        raise Http404(str(error)) from error
    canonical = addresses.join([tag.name for tag in all_of])
    if canonical != names:
        query = request.META.get("QUERY_STRING", "")
        return redirect(reverse("tagging:tag", args=[canonical]) + (f"?{query}" if query else ""))
    return services.Wanted(all_of, any_of, none_of)


def _page(request: Request, wanted: services.Wanted) -> services.Finding:
    try:
        return services.find(wanted=wanted, user=request.user, cursor=request.GET.get("cursor", ""))
    except CursorInvalid as error:
        raise BadRequest(str(error)) from error


def _about(request: Request, wanted: services.Wanted) -> dict[str, Any]:
    """Return what stands beside the list of one tag: related ones and followers; of several, how to drop one."""
    names = [tag.name for tag in wanted.all_of]
    dropping = [
        (tag, reverse("tagging:tag", args=[addresses.join([name for name in names if name != tag.name])]))
        for tag in wanted.all_of
        if len(names) > 1
    ]
    near = services.related_tags(tag=wanted.all_of[0])
    narrowing = [
        (tag, reverse("tagging:tag", args=[addresses.join([*names, tag.name])]))
        for tag in near
        if tag.name not in names
    ]
    if len(names) > 1:
        return {"dropping": dropping, "narrowing": narrowing}
    tag = wanted.all_of[0]
    mine = TagFollow.objects.of_person(request.user).filter(tag=tag).first()
    followers = tag.follows.filter(kind=TagFollow.Kind.FOLLOW)
    return {
        "tag": tag,
        "narrowing": narrowing,
        "mine": mine.kind if mine else "none",
        "followers": list(followers.select_related("user").order_by("-pk")[:3]),
        "follower_count": followers.count(),
        "synonyms": list(tag.synonyms.order_by("name")),
    }


def _carried(things: list[Any]) -> dict[tuple[int, int], list[Tag]]:
    by_model: dict[type, list[Any]] = {}
    for thing in things:
        by_model.setdefault(type(thing), []).append(thing)
    return {
        (targets.kind_of(model), pk): tags
        for model, rows in by_model.items()
        for pk, tags in services.tags_of(things=rows).items()
    }


def _query(request: Request, **more: str | None) -> str:
    kept = {name: request.GET[name] for name in ("any", "not") if request.GET.get(name)}
    return urlencode(kept | {name: value for name, value in more.items() if value})


@require_safe
def narrow(request: Request, names: str) -> HttpResponse:
    """Lead to what carries one tag more; from the small form on the page of tags."""
    form = NarrowForm(request.GET)
    if not form.is_valid():
        raise BadRequest("That is no tag.")
    try:
        more = services.split_names(text=form.cleaned_data["also"])
        tags = services.read_address(address=names, more=more)
    except services.UnknownTag as error:
        messages.warning(request, str(error))
        return redirect("tagging:tag", names=names)
    return redirect("tagging:tag", names=addresses.join([tag.name for tag in tags]))


@require_safe
def followed(request: Request) -> HttpResponse:
    follows, mutes = services.chosen_tags(user=request.user)
    wanted = services.Wanted((), follows, mutes)
    page = services.Finding() if wanted.is_empty else _page(request, wanted)
    context = {
        "page": page,
        "follows": follows,
        "mutes": mutes,
        "carried": _carried(page.things),
        "older": _query(request, cursor=page.next) if page.next else "",
    }
    return render(request, "tagging/followed.html", context)


@require_safe
def suggestions(request: Request) -> HttpResponse:
    found = services.suggest(text=request.GET.get("q", "")[:200])
    response = JsonResponse(
        {"items": [{"name": each.display_name, "label": each.label, "uses": each.uses} for each in found]}
    )
    response["Cache-Control"] = "private, max-age=60"
    return response


@require_POST
def follow(request: Request, name: str) -> HttpResponse:
    form = FollowForm(request.POST)
    try:
        (tag,) = services.read_tags(names=[name])
    except services.UnknownTag as error:
        raise Http404(str(error)) from error
    if not form.is_valid():
        raise BadRequest("A tag is followed, muted, or neither.")
    kind = form.cleaned_data["kind"]
    if kind == "none":
        services.unfollow_tag(tag=tag, by=request.user)
        messages.success(request, f"You neither follow nor mute “{tag}”.")
    else:
        services.follow_tag(tag=tag, kind=kind, by=request.user)
        messages.success(request, f"You {kind} “{tag}”.")
    return redirect(tag)


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: Request, target: str, object_id: int) -> HttpResponse:
    thing = targets.find(target, object_id, relation=Item, user=request.user)
    if thing is None:
        raise Http404
    if not thing.may_be_tagged_by(request.user):
        raise PermissionDenied("Only who made it, and operators, may change its tags.")
    carried = services.tags_of(things=[thing])[thing.pk]
    initial = {"tags": ", ".join(tag.display_name for tag in carried)}
    form = TagsForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid() and _saved(request, thing, form):
        return redirect(thing.get_absolute_url())
    status = 422 if form.errors else 200
    return render(request, "tagging/edit.html", {"thing": thing, "target": target, "form": form}, status=status)


def _saved(request: Request, thing: Any, form: TagsForm) -> bool:
    own = getattr(thing, "owner_id", None) == request.user.pk
    source = services.Source.OPERATOR if request.user.is_staff and not own else services.Source.PERSON
    try:
        services.set_tags(thing=thing, names=form.cleaned_data["tags"], by=request.user, source=source)
    except services.NamesRefused as error:
        form.add_error("tags", error.reasons)
        return False
    messages.success(request, "The tags are changed.")
    return True
