"""Reporting, and the queue of those who look at what was reported."""

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from comments import services
from comments.forms import ActForm, LockForm, ReportForm
from comments.models import Act, Comment, Thread
from comments.views.talk import comment_of
from sessions_app.requests import Request

QUEUES = {"reported": services.reported, "held": services.held}
QUEUE_MAX = 60
LOG_MAX = 100
REASONS = ("Off the topic", "Rude", "Advertising", "Against the law", "Nothing wrong with it")


@require_http_methods(["GET", "HEAD", "POST"])
def report_new(request: Request, comment_id: int) -> HttpResponse:
    comment = comment_of(request, comment_id)
    if not comment.is_visible:
        raise Http404
    form = ReportForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            services.report_comment(comment_id=comment.pk, by=request.user, **form.cleaned_data)
        except services.CommentsError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "Thank you. A moderator will look at it.")
            return redirect(f"{comment.get_absolute_url()}#comment-{comment.pk}")
    status = 422 if form.is_bound else 200
    context = {"comment": comment, "thing": comment.thread.thing, "form": form}
    return render(request, "comments/report_form.html", context, status=status)


def must_moderate(request: Request) -> None:
    """Nobody else learns that there is a queue."""
    if not request.user.has_perm("comments.moderate"):
        raise Http404


@require_safe
def queue(request: Request) -> HttpResponse:
    must_moderate(request)
    name = request.GET.get("queue") or "reported"
    if name not in QUEUES:
        raise BadRequest(f"There is no such queue; there are: {', '.join(QUEUES)}.")
    context = {
        "name": name,
        "waiting": QUEUES[name](limit=QUEUE_MAX),
        "counts": services.waiting_counts(),
        "reasons": REASONS,
    }
    return render(request, "comments/queue.html", context)


@require_POST
def act_new(request: Request, comment_id: int) -> HttpResponse:
    must_moderate(request)
    comment = get_object_or_404(Comment.objects.select_related("thread"), pk=comment_id)
    form = ActForm(request.POST)
    if not form.is_valid():
        raise BadRequest("; ".join(f"{name}: {error}" for name, errors in form.errors.items() for error in errors))
    refusal = ""
    try:
        services.moderate_comment(comment_id=comment.pk, by=request.user, **form.cleaned_data)
    except services.CommentsError as error:
        refusal = str(error)
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "comments/_settled.html", {"comment": comment, "refusal": refusal, "form": form})
    (messages.error if refusal else messages.success)(request, refusal or "Done, and written down.")
    return redirect("comments:queue")


@require_POST
def lock_new(request: Request, thread_id: int) -> HttpResponse:
    must_moderate(request)
    thread = get_object_or_404(Thread, pk=thread_id)
    form = LockForm(request.POST)
    if not form.is_valid():
        raise BadRequest("; ".join(f"{name}: {error}" for name, errors in form.errors.items() for error in errors))
    is_lock = form.cleaned_data["kind"] == Act.Kind.LOCK
    service = services.lock_thread if is_lock else services.unlock_thread
    service(thread_id=thread.pk, reason=form.cleaned_data["reason"], by=request.user)
    messages.success(request, "The thread is locked." if is_lock else "The thread is open again.")
    return redirect("comments:log")


@require_safe
def log(request: Request) -> HttpResponse:
    must_moderate(request)
    acts = Act.objects.select_related("by", "comment", "thread").order_by("-pk")[:LOG_MAX]
    return render(request, "comments/log.html", {"acts": acts})
