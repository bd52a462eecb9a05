"""What operators see of everybody's webhooks, and what they may do to them; each act is written down."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from lib.read_only_admin import ReadOnlyAdmin
from webhooks import charts, services
from webhooks.forms import ReasonForm
from webhooks.models import Attempt, Delivery, Endpoint, Event, Intervention, Notice

RIGHT = "webhooks.operate_endpoint"


class OperatedAdmin(ReadOnlyAdmin):
    """Rows that operators look at, with acts for those who may."""

    def has_operate_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(RIGHT)


@admin.register(Endpoint)
class EndpointAdmin(OperatedAdmin):
    list_display = ("id", "description", "owner", "where", "state", "failures", "failing_since_at", "removed_at")
    list_filter = ("state", "state_because", "scope")
    list_select_related = ("owner",)
    search_fields = ("=id", "=owner__email")
    search_help_text = "The number of an endpoint, or the whole mail address of its owner."
    ordering = ("-pk",)
    actions = ("enable_chosen", "pause_chosen", "resend_chosen")
    change_form_template = "admin/webhooks/endpoint/change_form.html"
    fields = (
        *("owner", "url", "description", "scope", "filters", "ladder", "concurrency", "per_minute", "ordered"),
        *("asymmetric", "state", "state_because", "state_changed_at", "created_at", "removed_at"),
        *("failures", "failing_since_at", "warned_at", "trips", "rests_until_at"),
        *("last_two_days", "latest", "acts"),
    )
    readonly_fields = ("last_two_days", "latest", "acts")

    @admin.display(description="URL")
    def where(self, endpoint: Endpoint) -> str:
        return endpoint.url[:80]

    @admin.display(description="last two days")
    def last_two_days(self, endpoint: Endpoint) -> SafeString:
        fared = charts.fared(endpoint, timezone.now())
        drawn = [
            render_to_string("webhooks/_chart.html", {"chart": charts.draw(values), "tone": tone, "name": name})
            for values, tone, name in (
                (fared.succeeded, "go", "Attempts that succeeded, by hour"),
                (fared.failed, "danger", "Attempts that failed, by hour"),
            )
        ]
        return format_html_join("", "<div>{}</div>", ((each,) for each in drawn)) + format_html("<p>{}</p>", fared.rate)

    @admin.display(description="latest deliveries")
    def latest(self, endpoint: Endpoint) -> SafeString | str:
        rows = Delivery.objects.of_endpoint(endpoint).order_by("-pk")[:10]
        lines = [
            (reverse("admin:webhooks_delivery_change", args=[row.pk]), row.type, row.get_state_display())
            for row in rows
        ]
        return format_html_join("", '<p><a href="{}">{}</a> {}</p>', lines) or "none"

    @admin.display(description="done by operators")
    def acts(self, endpoint: Endpoint) -> SafeString | str:
        rows = Intervention.objects.filter(endpoint=endpoint).select_related("by").order_by("-pk")[:20]
        lines = [(f"{row.at:%Y-%m-%d %H:%M}", row.by or "-", row.act, row.note) for row in rows]
        return format_html_join("", "<p>{}: {} {} {}</p>", lines) or "nothing"

    # --- Acts ---------------------------------------------------------------------------------------------

    def _each(self, request: HttpRequest, rows: QuerySet[Endpoint], verb: str, act: Any) -> None:
        done = skipped = 0
        for endpoint in rows:
            try:
                changed = act(endpoint)
            except services.WebhookError:
                changed = False
            done, skipped = done + bool(changed), skipped + (not changed)
            if changed:
                services.note_intervention(endpoint_id=endpoint.pk, by=request.user, act=verb)
        messages.success(request, f"{done} {verb}, {skipped} skipped.")

    @admin.action(description="Enable, with a clean record", permissions=["operate"])
    def enable_chosen(self, request: HttpRequest, queryset: QuerySet[Endpoint]) -> None:
        self._each(request, queryset, "enabled", lambda row: services.enable_endpoint(endpoint_id=row.pk))

    @admin.action(description="Pause: keep what comes", permissions=["operate"])
    def pause_chosen(self, request: HttpRequest, queryset: QuerySet[Endpoint]) -> None:
        self._each(request, queryset, "paused", lambda row: services.pause_endpoint(endpoint_id=row.pk))

    @admin.action(description="Resend all dead letters", permissions=["operate"])
    def resend_chosen(self, request: HttpRequest, queryset: QuerySet[Endpoint]) -> None:
        since = timezone.now() - services.RETENTION
        self._each(
            request,
            queryset,
            "resent",
            lambda row: services.resend_range(endpoint_id=row.pk, since=since, until=timezone.now()),
        )

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.disable)
        return [path("<int:endpoint_id>/disable/", view, name="webhooks_endpoint_disable"), *super().get_urls()]

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        context["may_operate"] = self.has_operate_permission(request)
        return super().render_change_form(request, context, *args, **kwargs)

    def disable(self, request: HttpRequest, endpoint_id: int) -> HttpResponse:
        """Ask why, then disable."""
        endpoint = get_object_or_404(Endpoint, pk=endpoint_id)
        if not self.has_operate_permission(request):
            return render(request, "403.html", {"reason": "Your rights do not reach this far."}, status=403)
        form = ReasonForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            done = services.disable_endpoint(
                endpoint_id=endpoint.pk, by=request.user, reason=form.cleaned_data["reason"]
            )
            messages.success(request, "It is disabled." if done else "It was disabled already, or removed.")
            return redirect("admin:webhooks_endpoint_change", endpoint.pk)
        context = {**self.admin_site.each_context(request), "form": form, "endpoint": endpoint, "title": "Disable"}
        return render(request, "admin/webhooks/endpoint/disable.html", context)


def _attempts(delivery: Delivery) -> SafeString | str:
    rows = Attempt.objects.of_delivery(delivery).order_by("-number")[:20]
    lines = [
        (
            reverse("admin:webhooks_attempt_change", args=[row.pk]),
            f"{row.started_at:%Y-%m-%d %H:%M:%S}",
            row.status or "-",
            row.get_outcome_display(),
            row.detail,
        )
        for row in rows
    ]
    return format_html_join("", '<p><a href="{}">{}</a> {} {} {}</p>', lines) or "none yet"


@admin.register(Delivery)
class DeliveryAdmin(OperatedAdmin):
    list_display = ("id", "type", "endpoint", "state", "attempts", "last_outcome", "last_status", "next_attempt_at")
    list_filter = ("state", "last_outcome")
    list_select_related = ("endpoint",)
    search_fields = ("=id", "=endpoint__id")
    search_help_text = "The id of a delivery, or the number of an endpoint."
    ordering = ("-pk",)
    actions = ("resend_chosen",)
    fields = (
        *("type", "endpoint", "event_id", "key", "state", "attempts", "fence", "next_attempt_at", "lease_expires_at"),
        *("last_outcome", "last_status", "finished_at", "attempts_made"),
    )
    readonly_fields = ("attempts_made",)

    @admin.display(description="attempts made")
    def attempts_made(self, delivery: Delivery) -> SafeString | str:
        return _attempts(delivery)

    @admin.action(description="Send again", permissions=["operate"])
    def resend_chosen(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        done = skipped = 0
        for delivery in queryset:
            try:
                services.resend_delivery(delivery_id=delivery.pk)
            except (services.WebhookError, Endpoint.DoesNotExist):
                skipped += 1
            else:
                done += 1
                services.note_intervention(endpoint_id=delivery.endpoint_id, by=request.user, act="resent a delivery")
        messages.success(request, f"{done} go out again, {skipped} skipped.")


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    list_display = ("id", "type", "published_at", "key", "by")
    list_select_related = ("by",)
    search_fields = ("=id", "=type", "=key")
    search_help_text = "The id of an event, a whole type, or a whole key such as member:7."
    ordering = ("-pk",)
    fields = ("type", "published_at", "key", "about", "by", "only_for", "payload")
    readonly_fields = ("payload",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Event]:
        rows: QuerySet[Event] = super().get_queryset(request)
        return rows if request.resolver_match and "object_id" in request.resolver_match.kwargs else rows.defer("body")

    @admin.display(description="payload")
    def payload(self, event: Event) -> str:
        return bytes(event.body).decode()


@admin.register(Attempt)
class AttemptAdmin(ReadOnlyAdmin):
    list_display = ("started_at", "endpoint_id", "outcome", "status", "took_ms", "url")
    list_filter = ("outcome",)
    search_fields = ("=endpoint_id", "=delivery__id")
    search_help_text = "The number of an endpoint, or the id of a delivery."
    ordering = ("-pk",)
    fields = (
        *("delivery_id", "endpoint_id", "number", "started_at", "took_ms", "url", "address", "outcome", "detail"),
        *("status", "request_headers", "answer_headers", "answer_shown", "answer_is_cut"),
    )
    readonly_fields = ("answer_shown",)

    @admin.display(description="answer")
    def answer_shown(self, attempt: Attempt) -> str:
        return attempt.answer_text or "-"


@admin.register(Notice)
class NoticeAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "endpoint", "kind", "sent_at")
    list_filter = ("kind",)
    list_select_related = ("endpoint",)
    ordering = ("-pk",)


@admin.register(Intervention)
class InterventionAdmin(ReadOnlyAdmin):
    list_display = ("at", "by", "endpoint", "act", "note")
    list_select_related = ("by", "endpoint")
    search_fields = ("=endpoint__id",)
    ordering = ("-pk",)
