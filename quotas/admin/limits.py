"""Plans, overrides and purchases: changed through services alone, row by row, each with a reason."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path

from lib.read_only_admin import ReadOnlyAdmin
from quotas.forms import LimitForm, PlanForm
from quotas.models import Override, Plan, PlanLimit, Purchase, Subscription
from quotas.services import limits
from quotas.services.errors import QuotaError


class PlanLimitInline(admin.TabularInline):
    model = PlanLimit
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Plan)
class PlanAdmin(ReadOnlyAdmin):
    list_display = ("name", "slug", "default_for")
    inlines = (PlanLimitInline,)


@admin.register(Subscription)
class SubscriptionAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "plan", "changed_at")
    list_select_related = ("user", "group", "plan")
    search_fields = ("=user__email", "=group__name")
    ordering = ("-pk",)
    change_list_template = "admin/quotas/subscription/change_list.html"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.set_plans)
        return [path("plans/", view, name="quotas_subscription_plans"), *super().get_urls()]

    def set_plans(self, request: HttpRequest) -> HttpResponse:
        """Give many people a plan at once."""
        if not request.user.has_perm("quotas.change_subscription"):
            return render(request, "403.html", {"reason": "Your rights do not reach this far."}, status=403)
        form = PlanForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            done, skipped = _give_plan(request, form)
            messages.success(request, f"{done} changed, {skipped} skipped.")
            return redirect("admin:quotas_subscription_changelist")
        return _form_page(self, request, form, "Give people a plan")


def _give_plan(request: HttpRequest, form: PlanForm) -> tuple[int, int]:
    addresses = {line.strip().lower() for line in form.cleaned_data["emails"].splitlines() if line.strip()}
    done = 0
    for address in sorted(addresses):
        user = limits.person_named(address=address)
        if user is not None:
            plan, why = form.cleaned_data["plan"], form.cleaned_data["reason"]
            limits.change_plan(plan_id=plan.pk, user_id=user.pk, by=request.user, why=why)
            done += 1
    return done, len(addresses) - done


def _form_page(model_admin: Any, request: HttpRequest, form: Any, title: str) -> HttpResponse:
    context = {**model_admin.admin_site.each_context(request), "form": form, "title": title}
    return render(request, "admin/quotas/limit_form.html", context, status=422 if form.errors else 200)


@admin.register(Override)
class OverrideAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "hard", "soft", "reason", "by", "created_at", "ends_at")
    list_filter = ("resource",)
    list_select_related = ("user", "group", "by")
    search_fields = ("=user__email", "=group__name")
    ordering = ("-pk",)
    actions = ("end",)
    change_list_template = "admin/quotas/override/change_list.html"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.grant)
        return [path("grant/", view, name="quotas_override_grant"), *super().get_urls()]

    def has_end_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("quotas.change_override")

    @admin.action(description="End now", permissions=["end"])
    def end(self, request: HttpRequest, queryset: QuerySet[Override]) -> None:
        rows = list(queryset)
        done = sum(limits.end_override(override_id=row.pk, by=request.user, why="ended in the list") for row in rows)
        messages.success(request, f"{done} ended, {len(rows) - done} skipped.")

    def grant(self, request: HttpRequest) -> HttpResponse:
        """Let other limits hold for somebody."""
        if not request.user.has_perm("quotas.add_override"):
            return render(request, "403.html", {"reason": "Your rights do not reach this far."}, status=403)
        form = LimitForm(request.POST or None)
        if request.method == "POST" and form.is_valid() and _grant_override(request, form):
            messages.success(request, "It holds from now on.")
            return redirect("admin:quotas_override_changelist")
        return _form_page(self, request, form, "Other limits for somebody")


def _grant_override(request: HttpRequest, form: LimitForm) -> bool:
    given = form.cleaned_data
    user = limits.person_named(address=given["email"]) if given["email"] else None
    if given["email"] and (user is None or given["group"]):
        form.add_error("email", "Nobody has this address." if user is None else "A person or a group, not both.")
        return False
    try:
        limits.grant_override(
            user_id=user.pk if user else None,
            group_id=given["group"].pk if given["group"] else None,
            by=request.user,
            **{name: given[name] for name in ("resource", "hard", "soft", "ends_at", "reason")},
        )
    except QuotaError as error:
        form.add_error(None, str(error))
        return False
    return True


@admin.register(Purchase)
class PurchaseAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "amount", "reason", "by", "created_at", "ends_at")
    list_select_related = ("user", "group", "by")
    search_fields = ("=user__email", "=group__name")
    ordering = ("-pk",)
