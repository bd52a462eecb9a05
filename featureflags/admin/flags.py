"""The flags' list, the page of one flag, its history and why somebody gets what."""

import time
from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet, Sum
from django.forms import formset_factory
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html

from featureflags import services
from featureflags.admin.editing import addresses_of, row_number, saved, words_of
from featureflags.decisions import context_of
from featureflags.evaluation.bucketing import BadContext
from featureflags.evaluation.contexts import checked
from featureflags.evaluation.explanation import explain
from featureflags.evaluation.wording import served_in_words
from featureflags.forms import ExplainForm, FlagForm, RuleForm, WhyForm, initial_of_flag, initial_of_rule
from featureflags.models import EvaluationCount, Exposure, Flag, FlagChange, Segment
from featureflags.snapshot import store
from lib import sparkline

HISTORY_PAGE = 30
ACTS = {"kill", "restore", "archive", "revive"}
# How many rules one save can add.
NEW_RULES = 3
RuleForms = formset_factory(RuleForm, extra=NEW_RULES, can_delete=True, can_order=True, max_num=50 + NEW_RULES)
NEW = {"type": "boolean", "variants": "on = true\noff = false", "default": "off", "off": "off"}


class StateFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("killed", "Killed"), ("stale", "Stale"), ("overdue", "Past its end date"), ("archived", "Archived")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Flag]) -> QuerySet[Flag]:
        flags = Flag.objects.filter(pk__in=queryset.values("pk"))
        if self.value() == "stale":
            # Rules are JSON, and flags are few.
            return flags.filter(pk__in=[flag.pk for flag in flags.active() if flag.staleness()])
        states = {"killed": flags.killed, "overdue": flags.overdue, "archived": flags.archived}
        return states.get(self.value() or "", flags.active)()


@admin.register(Flag)
class FlagAdmin(admin.ModelAdmin):
    list_display = ("key", "state_chip", "rollout", "evaluated_at", "owner", "ends_on")
    list_filter = (StateFilter, "type")
    search_fields = ("key", "description", "owner")
    ordering = ("key",)
    show_full_result_count = False
    actions = None
    change_list_template = "admin/featureflags/flag_list.html"

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return super().changelist_view(request, {"title": "Flags"} | (extra_context or {}))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_kill_permission(self, request: HttpRequest) -> bool:
        return self.has_change_permission(request) or request.user.has_perm("featureflags.kill_flag")

    @admin.display(description="state")
    def state_chip(self, flag: Flag) -> str:
        tone, word = state_of(flag)
        return format_html('<span class="chip {}">{}</span>', tone, word)

    @admin.display(description="who gets it")
    def rollout(self, flag: Flag) -> str:
        return "; ".join([*(served_in_words(rule) for rule in flag.rules[:2]), f"else {flag.default}"])

    def get_urls(self) -> list[URLPattern]:
        def address(part: str, view: Any, name: str) -> URLPattern:
            return path(part, self.admin_site.admin_view(view), name=f"featureflags_flag_{name}")

        return [
            address("<int:flag_id>/explain/", self.explain, "explain"),
            address("<int:flag_id>/<str:act>/now/", self.act, "act"),
            address("changes/<int:change_id>/undo/", self.undo, "undo"),
            *super().get_urls(),
        ]

    # --- One flag -----------------------------------------------------------------------------------------

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        return self._edit(request, None)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        flag = get_object_or_404(Flag, pk=row_number(object_id))
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        return self._edit(request, flag)

    def _edit(self, request: HttpRequest, flag: Flag | None) -> HttpResponse:
        variants = list(flag.variants) if flag else ["on", "off"]
        addresses = addresses_of(flag.rules if flag else [])
        given = request.POST if request.method == "POST" else None
        form = FlagForm(given, initial=initial_of_flag(flag) if flag else NEW)
        rules = RuleForms(
            given,
            prefix="rules",
            initial=[initial_of_rule(rule, addresses) for rule in flag.rules] if flag else [],
            form_kwargs={"variants": variants, "segments": list(Segment.objects.values_list("key", flat=True))},
        )
        if given is not None:
            if flag is not None and not self.has_change_permission(request):
                raise PermissionDenied
            row = saved(form, rules, flag=flag, by=request.user)
            if row is not None:
                messages.success(request, f"{row.key} is saved; every process follows within a second.")
                return redirect("admin:featureflags_flag_change", row.pk)
        context = self._context(request, flag, form=form, rules=rules, why_form=WhyForm(auto_id="now_%s"))
        status = 422 if given is not None else 200
        return render(request, "admin/featureflags/flag_form.html", context, status=status)

    def _context(self, request: HttpRequest, flag: Flag | None, **more: Any) -> dict[str, Any]:
        context = self.admin_site.each_context(request) | {"flag": flag, "title": flag.key if flag else "A new flag"}
        if flag is not None:
            tone, word = state_of(flag)
            context |= {
                "tone": tone,
                "state": word,
                "stale": flag.staleness(),
                "changes": list(_changes(flag)[:5]),
                "chart": _chart(flag),
                "exposures": list(Exposure.objects.filter(flag=flag).order_by("-pk")[:5]),
                "may_change": self.has_change_permission(request),
                "may_kill": self.has_kill_permission(request),
            }
        return context | more

    def act(self, request: HttpRequest, flag_id: int, act: str) -> HttpResponse:
        """Kill, restore, archive or take back at once, from a form with nothing but the reason."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        flag = get_object_or_404(Flag, pk=flag_id)
        if act not in ACTS:
            raise Http404
        if not (
            self.has_kill_permission(request) if act in {"kill", "restore"} else self.has_change_permission(request)
        ):
            raise PermissionDenied("Your rights do not reach this flag.")
        form = WhyForm(request.POST)
        if form.is_valid():
            try:
                _act(act, flag.key, form.cleaned_data["why"], request.user)
                messages.success(request, words_of(act, flag.key))
            except services.FlagError as error:
                messages.error(request, str(error))
        else:
            messages.error(request, "Say why, in at most 300 characters: the history keeps it.")
        return redirect("admin:featureflags_flag_change", flag_id)

    # --- History ------------------------------------------------------------------------------------------

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        flag = get_object_or_404(Flag, pk=row_number(object_id))
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        before = row_number(request.GET.get("before", "")) or 2**62
        page = list(_changes(flag).filter(pk__lt=before)[: HISTORY_PAGE + 1])
        older = page[HISTORY_PAGE - 1].pk if len(page) > HISTORY_PAGE else None
        context = self._context(request, flag, page=page[:HISTORY_PAGE], older=older, title=f"History of {flag.key}")
        return render(request, "admin/featureflags/flag_history.html", context)

    def undo(self, request: HttpRequest, change_id: int) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.has_change_permission(request):
            raise PermissionDenied("Your rights do not reach this flag.")
        change = get_object_or_404(FlagChange, pk=change_id)
        form = WhyForm(request.POST)
        try:
            why = form.cleaned_data["why"] if form.is_valid() else ""
            services.undo_change(change_id=change.pk, why=why, by=request.user)
            messages.success(request, "Undone. It holds what it held before that change.")
        except services.FlagError as error:
            messages.error(request, str(error))
        if change.segment_id:
            return redirect("admin:featureflags_segment_change", change.segment_id)
        return redirect("admin:featureflags_flag_history", change.flag_id)

    # --- Why ----------------------------------------------------------------------------------------------

    def explain(self, request: HttpRequest, flag_id: int) -> HttpResponse:
        flag = get_object_or_404(Flag, pk=flag_id)
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        form = ExplainForm(request.GET if "person" in request.GET or "context" in request.GET else None)
        told = _explained(flag, form) if form.is_valid() else None
        context = self._context(request, flag, form=form, told=told, title=f"Who gets what of {flag.key}")
        return render(request, "admin/featureflags/flag_explain.html", context)


def _explained(flag: Flag, form: ExplainForm) -> Any:
    name = form.cleaned_data["person"].strip()
    user = services.person_named(name=name)
    if "@" in name and user is None:
        form.add_error("person", "Nobody has this mail address.")
        return None
    person = dict(context_of(user)) if user else {"targetingKey": name} if name else {}
    try:
        context = checked(person | form.cleaned_data["context"])
    except BadContext as error:
        form.add_error("context", str(error))
        return None
    return explain(store.fresh().flags, flag.key, context, time.time())


def _act(act: str, key: str, why: str, by: Any) -> None:
    if act == "kill":
        services.kill_flag(key=key, why=why, by=by)
    elif act == "restore":
        services.restore_flag(key=key, why=why, by=by)
    else:
        services.archive_flag(key=key, why=why, by=by, archived=act == "archive")


def state_of(flag: Flag) -> tuple[str, str]:
    """Return the tone and the word of a flag's state."""
    if flag.archived_at:
        return "", "archived"
    if flag.killed_at:
        return "chip-danger", "killed"
    return ("chip-wait", "stale") if flag.staleness() else ("chip-go", "active")


def _changes(flag: Flag) -> QuerySet[FlagChange]:
    return FlagChange.objects.filter(flag=flag).select_related("by", "undoes").order_by("-pk")


def _chart(flag: Flag) -> sparkline.Chart:
    first = timezone.now().replace(minute=0, second=0, microsecond=0) - timedelta(hours=23)
    rows = EvaluationCount.objects.filter(flag=flag, at__gte=first).values_list("at").annotate(total=Sum("count"))
    counts = dict(rows)
    values = [float(counts.get(first + timedelta(hours=hour), 0)) for hour in range(24)]
    return sparkline.draw(values, span="24 hours", width=240, height=48)
