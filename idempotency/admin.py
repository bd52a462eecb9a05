"""What operators see of keys, and the two things that they may do to one; each is written down."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path
from django.utils.dateparse import parse_datetime
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import localtime

from idempotency.forms import InterventionForm
from idempotency.models import Intervention, Record
from idempotency.services import IdempotencyError, upkeep
from lib.read_only_admin import ReadOnlyAdmin

SHOWN_BYTES = 4000
TITLES = {"finish": "Finish by hand", "expire": "Expire by hand", "retry": "Try again"}


class StateFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("running", "running"),
            ("finished", "finished"),
            ("lost", "answer lost"),
            ("failed", "failed for good"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Record]) -> QuerySet[Record]:
        if self.value() == "running":
            return queryset.filter(completed_at=None)
        if self.value() == "failed":
            return queryset.filter(failed_at__isnull=False)
        if self.value() == "finished":
            return queryset.filter(completed_at__isnull=False)
        return queryset.filter(answer=Record.Answer.LOST) if self.value() == "lost" else queryset


@admin.register(Record)
class RecordAdmin(ReadOnlyAdmin):
    list_display = ("key", "caller", "method", "route", "recovery_point", "status", "created_at", "completed_at")
    list_filter = (StateFilter,)
    search_fields = ("=key", "=caller", "=procedure")
    search_help_text = "The whole key, or a caller such as user:7."
    ordering = ("-pk",)
    change_form_template = "admin/idempotency/record/change_form.html"
    fields = (
        *("key", "caller", "method", "route", "procedure", "recovery_point", "fence"),
        *("attempts", "next_attempt_at", "failed_at"),
        *("created_at", "lease_expires_at", "effect_at", "completed_at", "expires_at"),
        *("what_happened", "answer", "status", "headers", "stored_body", "operators"),
    )
    readonly_fields = ("what_happened", "stored_body", "operators")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Record]:
        rows: QuerySet[Record] = super().get_queryset(request)
        # The list needs no stored answers.
        return rows if request.resolver_match and "object_id" in request.resolver_match.kwargs else rows.defer("body")

    @admin.display(description="timeline")
    def what_happened(self, record: Record) -> SafeString:
        lines = [
            (at, f"{localtime(parse_datetime(at)):%Y-%m-%d %H:%M:%S.%f}"[:-3], what, fence)
            for at, what, fence in record.timeline
        ]
        items = format_html_join("", '<li><time datetime="{}">{}</time> {} <small>(fence {})</small></li>', lines)
        return format_html("<ol>{}</ol>", items)

    @admin.display(description="stored answer")
    def stored_body(self, record: Record) -> str:
        body = bytes(record.body or b"")
        text = body[:SHOWN_BYTES].decode("utf-8", "replace")
        return f"{text}… ({len(body)} bytes)" if len(body) > SHOWN_BYTES else text or "-"

    @admin.display(description="done by operators")
    def operators(self, record: Record) -> SafeString | str:
        rows = upkeep.interventions(record_ids=[record.pk])
        lines = [
            (f"{localtime(row.at):%Y-%m-%d %H:%M}", row.get_kind_display(), row.by or "-", row.reason) for row in rows
        ]
        return format_html_join("", "<p>{}: {} by {}: {}</p>", lines) or "nothing"

    def has_intervene_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("idempotency.change_record")

    def get_urls(self) -> list[URLPattern]:
        return [
            path(
                "<int:record_id>/by-hand/<str:kind>/",
                self.admin_site.admin_view(self.intervene),
                name="idempotency_record_intervene",
            ),
            *super().get_urls(),
        ]

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        context["may_intervene"] = self.has_intervene_permission(request)
        return super().render_change_form(request, context, *args, **kwargs)

    def intervene(self, request: HttpRequest, record_id: int, kind: str) -> HttpResponse:
        """Ask why, then finish or expire the key, or try it again."""
        record = get_object_or_404(Record, pk=record_id)
        if kind not in Intervention.Kind.values:
            raise Http404
        if not self.has_intervene_permission(request):
            return render(request, "403.html", {"reason": "Your rights do not reach this far."}, status=403)
        form = InterventionForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            return self._intervened(request, record, kind, form.cleaned_data["reason"])
        context = {
            **self.admin_site.each_context(request),
            "form": form,
            "record": record,
            "kind": kind,
            "title": TITLES[kind],
        }
        return render(request, "admin/idempotency/record/intervene.html", context)

    def _intervened(self, request: HttpRequest, record: Record, kind: str, reason: str) -> HttpResponse:
        try:
            if kind == Intervention.Kind.FINISH:
                upkeep.finish_by_hand(record_id=record.pk, by=request.user, reason=reason)
                messages.success(request, f"{record.key} is finished; whoever asks again is told that it is done.")
            elif kind == Intervention.Kind.RETRY:
                upkeep.retry_by_hand(record_id=record.pk, by=request.user, reason=reason)
                messages.success(request, f"{record.key} is tried again within a minute.")
            else:
                upkeep.expire_by_hand(record_id=record.pk, by=request.user, reason=reason)
                messages.success(request, f"{record.key} is forgotten; the same request would execute again.")
        except IdempotencyError as error:
            messages.error(request, str(error))
        return redirect("admin:idempotency_record_changelist")


@admin.register(Intervention)
class InterventionAdmin(ReadOnlyAdmin):
    list_display = ("at", "kind", "by", "key", "caller", "route", "reason")
    list_filter = ("kind",)
    list_select_related = ("by",)
    search_fields = ("=key", "=caller")
    ordering = ("-pk",)
