"""Reporting, and the queue of those who look at what was reported."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.forms import Form
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from comments import services
from comments.forms import ActForm, AuthorActForm, ManyActsForm, PinForm, ReasonForm, ReportForm, ThreadActForm
from comments.models import Act, Appeal, Comment, Discussion, Limit, Mute, Report, Thread
from comments.views.talk import comment_of
from sessions_app.requests import Request

QUEUES = {"reported": services.reported, "pending": services.pending, "held": services.held}
APPEALS = "appeals"
CURBS_MAX = 200
QUEUE_MAX = 60
REASONS = ("Off the topic", "Rude", "Advertising", "Against the law", "Nothing wrong with it")


@require_http_methods(["GET", "HEAD", "POST"])
def report_new(request: Request, comment_id: int) -> HttpResponse:
    comment = comment_of(request, comment_id)
    if not comment.stands_for(request.user.pk):
        raise Http404
    file = partial(services.report_comment, comment_id=comment.pk)
    return _report(request, comment, comment.thread.thing, file, f"{comment.get_absolute_url()}#comment-{comment.pk}")


@require_http_methods(["GET", "HEAD", "POST"])
def discussion_report_new(request: Request, discussion_id: int) -> HttpResponse:
    discussion = get_object_or_404(Discussion.objects.visible_to(request.user), pk=discussion_id)
    file = partial(services.report_discussion, discussion_id=discussion.pk)
    return _report(request, discussion, discussion, file, discussion.get_absolute_url())


def _report(
    request: Request, said: Comment | Discussion, thing: Any, file: Callable[..., Report], back: str
) -> HttpResponse:
    form = ReportForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            file(by=request.user, **form.cleaned_data)
        except services.CommentsError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "Thank you. A moderator will look at it.")
            return redirect(back)
    status = 422 if form.is_bound else 200
    what = "discussion" if said is thing else "comment"
    return render(
        request, "comments/report_form.html", {"said": said, "thing": thing, "what": what, "form": form}, status=status
    )


def must_moderate(request: Request) -> None:
    """Nobody else learns that there is a queue."""
    if not request.user.has_perm("comments.moderate"):
        raise Http404


def refuse_invalid(form: Form) -> str:
    """Return what is wrong with a form of buttons, for who sent it without the page."""
    return "; ".join(f"{name}: {error}" for name, errors in form.errors.items() for error in errors)


@require_safe
def queue(request: Request) -> HttpResponse:
    must_moderate(request)
    name = request.GET.get("queue") or "reported"
    if name not in QUEUES and name != APPEALS:
        raise BadRequest(f"There is no such queue; there are: {', '.join(QUEUES)}, {APPEALS}.")
    context = {
        "name": name,
        "waiting": QUEUES[name](limit=QUEUE_MAX) if name in QUEUES else [],
        "appeals": _appeals() if name == APPEALS else [],
        "counts": services.waiting_counts(),
        "reasons": REASONS,
    }
    return render(request, "comments/queue.html", context)


def _appeals() -> list[Appeal]:
    found = list(services.open_appeals().order_by("pk")[:QUEUE_MAX])
    services.with_things(acts=[appeal.act for appeal in found])
    return found


@require_POST
def act_new(request: Request, comment_id: int) -> HttpResponse:
    must_moderate(request)
    comment = get_object_or_404(Comment.objects.select_related("author"), pk=comment_id)
    return _act(request, comment, partial(services.moderate_comment, comment_id=comment.pk))


@require_POST
def discussion_act_new(request: Request, discussion_id: int) -> HttpResponse:
    must_moderate(request)
    discussion = get_object_or_404(Discussion.objects.with_authors(), pk=discussion_id)
    return _act(request, discussion, partial(services.moderate_discussion, discussion_id=discussion.pk))


def _act(request: Request, said: Comment | Discussion, moderate: Callable[..., Any]) -> HttpResponse:
    form, refusal = ActForm(request.POST), ""
    if not form.is_valid():
        raise BadRequest(refuse_invalid(form))
    try:
        moderate(by=request.user, **form.cleaned_data)
    except services.CommentsError as error:
        refusal = str(error)
    if request.htmx:  # type: ignore[attr-defined]
        context = {"said": said, "is_discussion": isinstance(said, Discussion), "refusal": refusal, "form": form}
        return render(request, "comments/_settled.html", context)
    (messages.error if refusal else messages.success)(request, refusal or "Done, and written down.")
    return redirect("comments:queue")


@require_POST
def acts_new(request: Request) -> HttpResponse:
    must_moderate(request)
    form = ManyActsForm(request.POST)
    if not form.is_valid():
        raise BadRequest(refuse_invalid(form))
    said = form.cleaned_data
    keys = {name: dict(said[name]) for name in ("comments", "discussions")}
    outcome = services.moderate_many(**keys, kind=said["kind"], reason=said["reason"], by=request.user)
    skipped = f" {outcome.skipped} could not be." if outcome.skipped else ""
    messages.success(request, f"{outcome.done} done, and written down.{skipped}")
    return redirect("comments:queue")


@require_POST
def author_act_new(request: Request, comment_id: int) -> HttpResponse:
    must_moderate(request)
    comment = get_object_or_404(Comment, pk=comment_id)
    return _act_on_person(request, partial(services.act_on_author, comment_id=comment.pk))


@require_POST
def opener_act_new(request: Request, discussion_id: int) -> HttpResponse:
    must_moderate(request)
    discussion = get_object_or_404(Discussion, pk=discussion_id)
    return _act_on_person(request, partial(services.act_on_opener, discussion_id=discussion.pk))


def _act_on_person(request: Request, act: Callable[..., Act]) -> HttpResponse:
    form = AuthorActForm(request.POST)
    if not form.is_valid():
        raise BadRequest(refuse_invalid(form))
    try:
        act(by=request.user, **form.cleaned_data)
    except services.CommentsError as error:
        messages.error(request, str(error))
    else:
        told = "." if form.cleaned_data["kind"] in Act.UNTOLD else ", and told to the author."
        messages.success(request, f"Done, written down{told}")
    return redirect("comments:queue")


@require_safe
def curbs(request: Request) -> HttpResponse:
    must_moderate(request)
    mutes, limits = (
        kind.objects.standing(timezone.now()).select_related("user").order_by("until_at")[:CURBS_MAX]
        for kind in (Mute, Limit)
    )
    return render(request, "comments/curbs.html", {"mutes": mutes, "limits": limits})


@require_POST
def unmute_new(request: Request, user_id: int) -> HttpResponse:
    return _end_curb(request, Mute, user_id, services.unmute, "They can write again.")


@require_POST
def unlimit_new(request: Request, user_id: int) -> HttpResponse:
    return _end_curb(request, Limit, user_id, services.unlimit, "What they write stands at once.")


def _end_curb(
    request: Request, kind: type[Mute | Limit], user_id: int, end: Callable[..., bool], done: str
) -> HttpResponse:
    must_moderate(request)
    curb, form = get_object_or_404(kind, pk=user_id), ReasonForm(request.POST)
    if not form.is_valid():
        raise BadRequest(refuse_invalid(form))
    end(user_id=curb.pk, reason=form.cleaned_data["reason"], by=request.user)
    messages.success(request, done)
    return redirect("comments:curbs")


@require_POST
def thread_act_new(request: Request, thread_id: int) -> HttpResponse:
    must_moderate(request)
    thread, form = get_object_or_404(Thread, pk=thread_id), ThreadActForm(request.POST)
    if not form.is_valid():
        raise BadRequest(refuse_invalid(form))
    services.act_on_thread(thread_id=thread.pk, by=request.user, **form.cleaned_data)
    messages.success(request, "Done, and written down.")
    return redirect("comments:log")


@require_POST
def pin_new(request: Request, discussion_id: int) -> HttpResponse:
    must_moderate(request)
    discussion, form = get_object_or_404(Discussion, pk=discussion_id), PinForm(request.POST)
    if not form.is_valid():
        raise BadRequest(refuse_invalid(form))
    services.set_pin(discussion_id=discussion.pk, by=request.user, **form.cleaned_data)
    messages.success(request, "Done, and written down.")
    return redirect("comments:discussions")
