"""Where operators keep the vocabulary clean. Every act asks why, and stands in the tag's history."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from lib.read_only_admin import ReadOnlyAdmin
from tagging import services
from tagging.forms import DescriptionForm, NameForm, ReasonForm, StandingForm
from tagging.models import Implication, Item, Merge, Tag, TagChange, TagFollow, Tagging, TagGroup
from tagging.services import TaggingError

# What a merge moves before the page answers; the worker moves the rest.
AT_ONCE = 2000


def _other(name: str) -> Tag:
    (tag,) = services.read_tags(names=[name])
    return tag


def _merge(tag: Tag, by: Any, *, name: str, reason: str) -> str:
    target = _other(name)
    merge = services.begin_merge(source_id=tag.pk, target_id=target.pk, by=by, reason=reason)
    _begin_moving(merge)
    return f"“{tag}” is merged into “{target}”, and is its synonym from now on."


def _begin_moving(merge: Merge) -> None:
    for _ in range(2):
        services.continue_merge(merge_id=merge.pk, most=AT_ONCE)


def _add_synonym(tag: Tag, by: Any, *, name: str, reason: str) -> str:
    row = services.add_synonym(tag_id=tag.pk, name=name, by=by, reason=reason)
    return f"“{row}” stands for “{tag}”."


def _remove_synonym(tag: Tag, by: Any, *, reason: str) -> str:
    services.remove_synonym(synonym_id=tag.pk, by=by, reason=reason)
    return f"“{tag}” is a tag of its own again."


def _rename(tag: Tag, by: Any, *, name: str, reason: str) -> str:
    row = services.rename_tag(tag_id=tag.pk, name=name, by=by, reason=reason)
    return f"“{tag}” is called “{row}” now."


def _imply(tag: Tag, by: Any, *, name: str, reason: str) -> str:
    implied = _other(name)
    row = services.add_implication(tag_id=tag.pk, implied_id=implied.pk, by=by, reason=reason)
    given = services.spread_implication(implication=row, by=by)
    return f"What carries “{tag}” carries “{implied}”; {given} got it just now."


def _stand(tag: Tag, by: Any, *, deprecated: bool, reserved: bool, reason: str) -> str:
    services.set_standing(tag_id=tag.pk, deprecated=deprecated, reserved=reserved, by=by, reason=reason)
    return f"“{tag}” is changed."


def _describe(tag: Tag, by: Any, *, description: str, group: TagGroup | None, reason: str) -> str:
    group_id = group.pk if group else None
    services.describe_tag(tag_id=tag.pk, description=description, group_id=group_id, by=by, reason=reason)
    return f"“{tag}” is described."


# What the button says, the form, and what it does.
ACTS: dict[str, tuple[str, type[forms.Form], Callable[..., str]]] = {
    "merge": ("Merge into another", NameForm, _merge),
    "synonym": ("Add a synonym", NameForm, _add_synonym),
    "own": ("Make it a tag of its own", ReasonForm, _remove_synonym),
    "rename": ("Rename", NameForm, _rename),
    "imply": ("Let it imply another", NameForm, _imply),
    "standing": ("Who may use it", StandingForm, _stand),
    "describe": ("Describe", DescriptionForm, _describe),
}


@admin.register(Tag)
class TagAdmin(ReadOnlyAdmin):
    list_display = ("name", "display_name", "usage_count", "canonical", "group", "deprecated_at", "retired_at")
    list_select_related = ("canonical", "group")
    list_filter = (("canonical", admin.EmptyFieldListFilter), ("deprecated_at", admin.EmptyFieldListFilter), "group")
    search_fields = ("name__startswith", "=id")
    search_help_text = "How the name begins."
    ordering = ("-usage_count", "name")
    change_form_template = "admin/tagging/tag/change_form.html"
    fields = (
        *("name", "display_name", "canonical", "synonym_names", "usage_count", "description", "group", "implied"),
        *("deprecated_at", "reserved_at", "retired_at", "created_at", "created_by", "history"),
    )
    readonly_fields = ("synonym_names", "implied", "history")

    @admin.display(description="synonyms")
    def synonym_names(self, tag: Tag) -> str:
        return ", ".join(tag.synonyms.order_by("name").values_list("name", flat=True)) or "-"

    @admin.display(description="implies")
    def implied(self, tag: Tag) -> str:
        return ", ".join(tag.implies.order_by("name").values_list("name", flat=True)) or "-"

    @admin.display(description="history")
    def history(self, tag: Tag) -> SafeString | str:
        rows = TagChange.objects.filter(tag_name=tag.name).select_related("by").order_by("-pk")[:50]
        lines = [(f"{row.at:%Y-%m-%d %H:%M}", row.by or "-", row.what, row.reason) for row in rows]
        return format_html_join("", "<p>{} {}: {} ({})</p>", lines) or "nothing"

    def get_urls(self) -> list[URLPattern]:
        act = path("<int:tag_id>/act/<str:act>/", self.admin_site.admin_view(self.act), name="tagging_tag_act")
        return [act, *super().get_urls()]

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        synonym = bool(kwargs["obj"].canonical_id)
        fitting = {"own"} if synonym else ACTS.keys() - {"own"}
        if request.user.has_perm("tagging.change_tag"):
            context["acts"] = [(name, words) for name, (words, *_) in ACTS.items() if name in fitting]
        return super().render_change_form(request, context, *args, **kwargs)

    def act(self, request: HttpRequest, tag_id: int, act: str) -> HttpResponse:
        """Ask for what the act needs, and why; then do it."""
        if not request.user.has_perm("tagging.change_tag"):
            raise PermissionDenied("Your rights do not reach this far.")
        tag = get_object_or_404(Tag, pk=tag_id)
        if act not in ACTS:
            raise Http404
        words, form_class, perform = ACTS[act]
        initial = {
            "description": tag.description,
            "group": tag.group_id,
            "deprecated": bool(tag.deprecated_at),
            "reserved": bool(tag.reserved_at),
        }
        form = form_class(request.POST if request.method == "POST" else None, initial=initial)
        if request.method == "POST" and form.is_valid():
            try:
                messages.success(request, perform(tag, request.user, **form.cleaned_data))
            except TaggingError as error:
                form.add_error(None, str(error))
            else:
                return redirect("admin:tagging_tag_change", tag.pk)
        context = {**self.admin_site.each_context(request), "form": form, "tag": tag, "words": words, "title": words}
        return render(request, "admin/tagging/tag/act.html", context)


@admin.register(Merge)
class MergeAdmin(ReadOnlyAdmin):
    list_display = ("source", "target", "by", "at", "moved", "finished_at", "undone_at", "reason")
    list_select_related = ("source", "target", "by")
    search_fields = ("=source__name", "=target__name")
    search_help_text = "The whole name of a tag."
    ordering = ("-pk",)
    change_form_template = "admin/tagging/merge/change_form.html"

    def get_urls(self) -> list[URLPattern]:
        undo = path("<int:merge_id>/undo/", self.admin_site.admin_view(self.undo), name="tagging_merge_undo")
        return [undo, *super().get_urls()]

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        merge = kwargs["obj"]
        context["may_undo"] = request.user.has_perm("tagging.change_tag") and not merge.undone_at and merge.finished_at
        return super().render_change_form(request, context, *args, **kwargs)

    def undo(self, request: HttpRequest, merge_id: int) -> HttpResponse:
        if not request.user.has_perm("tagging.change_tag"):
            raise PermissionDenied("Your rights do not reach this far.")
        merge = get_object_or_404(Merge.objects.select_related("source", "target"), pk=merge_id)
        if request.method == "POST":
            try:
                _begin_moving(services.undo_merge(merge_id=merge.pk, by=request.user))
                messages.success(request, f"“{merge.source}” is a tag of its own again, with what it carried before.")
            except TaggingError as error:
                messages.error(request, str(error))
        return redirect("admin:tagging_merge_change", merge.pk)


@admin.register(TagGroup)
class TagGroupAdmin(admin.ModelAdmin):
    list_display = ("name", "exclusive")
    search_fields = ("name",)


@admin.register(TagChange)
class TagChangeAdmin(ReadOnlyAdmin):
    list_display = ("at", "tag_name", "what", "by", "reason")
    list_select_related = ("by",)
    search_fields = ("=tag_name",)
    search_help_text = "The whole name of a tag."
    ordering = ("-pk",)


@admin.register(Implication)
class ImplicationAdmin(ReadOnlyAdmin):
    list_display = ("tag", "implied")
    list_select_related = ("tag", "implied")
    ordering = ("tag", "implied")
    actions = ("end_implications",)

    @admin.action(description="Let them not imply any more", permissions=["view"])
    def end_implications(self, request: HttpRequest, rows: Any) -> None:
        if not request.user.has_perm("tagging.change_tag"):
            raise PermissionDenied("Your rights do not reach this far.")
        done = list(rows)
        for row in done:
            services.remove_implication(implication_id=row.pk, by=request.user, reason="ended in the list")
        messages.success(request, format_html("{} ended.", len(done)))


@admin.register(Item)
class ItemAdmin(ReadOnlyAdmin):
    list_display = ("content_type", "object_id", "at", "tag_ids")
    list_select_related = ("content_type",)
    search_fields = ("=object_id",)
    ordering = ("-pk",)


@admin.register(Tagging)
class TaggingAdmin(ReadOnlyAdmin):
    list_display = ("item", "tag", "source", "by", "created_at", "merge")
    list_select_related = ("item", "tag", "by", "merge__source", "merge__target")
    search_fields = ("=tag__name",)
    ordering = ("-pk",)


@admin.register(TagFollow)
class TagFollowAdmin(ReadOnlyAdmin):
    list_display = ("user", "kind", "tag", "created_at")
    list_select_related = ("user", "tag")
    search_fields = ("=user__email", "=tag__name")
    ordering = ("-pk",)
