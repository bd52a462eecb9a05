"""Segments: people and conditions under one name."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from featureflags import services
from featureflags.admin.editing import addresses_of, blame, row_number
from featureflags.evaluation.wording import condition_in_words
from featureflags.forms import SegmentForm
from featureflags.models import FlagChange, Segment


@admin.register(Segment)
class SegmentAdmin(admin.ModelAdmin):
    list_display = ("key", "description", "changed_at")
    search_fields = ("key", "description")
    ordering = ("key",)
    show_full_result_count = False
    actions = None

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        return self._edit(request, None)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        segment = get_object_or_404(Segment, pk=row_number(object_id))
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        return self._edit(request, segment)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        return redirect("admin:featureflags_segment_change", object_id)

    def _edit(self, request: HttpRequest, segment: Segment | None) -> HttpResponse:
        given = request.POST if request.method == "POST" else None
        form = SegmentForm(given, initial=_initial(segment) if segment else None)
        if given is not None:
            if segment is not None and not self.has_change_permission(request):
                raise PermissionDenied
            row = _saved(form, segment, request.user)
            if row is not None:
                messages.success(request, f"{row.key} is saved; every process follows within a second.")
                return redirect("admin:featureflags_segment_change", row.pk)
        changes = FlagChange.objects.filter(segment=segment).select_related("by", "undoes").order_by("-pk")
        context = self.admin_site.each_context(request) | {
            "title": segment.key if segment else "A new segment",
            "segment": segment,
            "segment_page": True,
            "form": form,
            "changes": list(changes[:10]) if segment else [],
            "may_change": self.has_change_permission(request),
        }
        return render(request, "admin/featureflags/segment_form.html", context, status=422 if given else 200)


def _initial(segment: Segment) -> dict[str, Any]:
    addresses = addresses_of([{"people": segment.people}])
    return {
        "key": segment.key,
        "description": segment.description,
        "people": "\n".join(addresses.get(each, each) for each in segment.people),
        "conditions": "\n".join(condition_in_words(each) for each in segment.conditions),
        "version": segment.version,
    }


def _saved(form: SegmentForm, segment: Segment | None, by: Any) -> Segment | None:
    if not form.is_valid():
        return None
    state = form.state() | ({"key": segment.key} if segment else {})
    try:
        version = form.cleaned_data["version"] if segment else None
        return services.change_segment(state=state, version=version, why=form.cleaned_data["why"], by=by)
    except services.DefinitionRefused as error:
        blame(form, error.field.partition("[")[0], error.reason)
    except services.FlagError as error:
        form.add_error(None, str(error))
    return None
