"""What moderators did to oneself, asking another to look again, and the answers of those."""

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from comments import services
from comments.forms import AppealForm, DecisionForm
from comments.models import Act, Appeal
from comments.views.moderation import must_moderate, refuse_invalid
from sessions_app.requests import Request

ACTS_MAX = 100


@require_safe
def acts_mine(request: Request) -> HttpResponse:
    latest = services.acts_about(user=request.user).order_by("-pk")[:ACTS_MAX]
    return render(request, "comments/acts_mine.html", {"acts": services.with_appeals(acts=latest)})


@require_http_methods(["GET", "HEAD", "POST"])
def appeal_new(request: Request, act_id: int) -> HttpResponse:
    act = get_object_or_404(Act.objects.select_related("comment", "thread"), pk=act_id, person=request.user)
    if act.kind not in Act.APPEALABLE:
        raise Http404
    form = AppealForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            services.appeal(act_id=act.pk, text=form.cleaned_data["text"], by=request.user)
        except services.CommentsError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "Another moderator will look at it, and you will hear of it.")
            return redirect("comments:acts_mine")
    status = 422 if form.is_bound else 200
    context = {"act": services.with_things(acts=[act])[0], "form": form}
    return render(request, "comments/appeal_form.html", context, status=status)


@require_POST
def decision_new(request: Request, appeal_id: int) -> HttpResponse:
    must_moderate(request)
    appeal, form = get_object_or_404(Appeal, pk=appeal_id), DecisionForm(request.POST)
    if not form.is_valid():
        raise BadRequest(refuse_invalid(form))
    granted = form.cleaned_data["granted"] == "yes"
    try:
        services.decide_appeal(
            appeal_id=appeal.pk, granted=granted, answer=form.cleaned_data["answer"], by=request.user
        )
    except services.CommentsError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "Decided, and told.")
    return redirect("/moderation?queue=appeals")
