"""Accounts, the ledger and what the reconciler found: all of it only to look at."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from lib.read_only_admin import ReadOnlyAdmin
from quotas import allowance
from quotas.models import Account, Drift, Grant, OperatorAct, StoredFile, Upload, UsageEvent
from quotas.services import reconciling
from quotas.wording import shown


@admin.register(Account)
class AccountAdmin(ReadOnlyAdmin):
    list_display = ("holder", "resource", "window_on", "used_in_words", "under_way", "limit_in_words", "full", "state")
    list_filter = ("resource",)
    list_select_related = ("user", "group")
    search_fields = ("=user__email", "=group__name")
    search_help_text = "A whole mail address, or the name of a group."
    ordering = ("-used", "-pk")
    actions = ("reconcile",)

    @admin.display(description="used", ordering="used")
    def used_in_words(self, row: Account) -> str:
        return shown(row.resource, row.used)

    @admin.display(description="under way", ordering="reserved")
    def under_way(self, row: Account) -> str:
        return shown(row.resource, row.reserved)

    @admin.display(description="limit", ordering="hard")
    def limit_in_words(self, row: Account) -> str:
        return "none" if row.hard is None else shown(row.resource, row.hard)

    @admin.display(description="full")
    def full(self, row: Account) -> str:
        return "-" if row.hard is None else f"{allowance.percent(row.used, row.hard):.0f} %"

    def has_reconcile_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("quotas.change_account")

    @admin.action(description="Compare with the rows", permissions=["reconcile"])
    def reconcile(self, request: HttpRequest, queryset: QuerySet[Account]) -> None:
        people = {row.user_id for row in queryset if row.user_id}
        found = [drift for user_id in sorted(people) for drift in reconciling.reconcile(user_id=user_id)]
        if found:
            messages.error(request, f"{len(found)} differences found; they stand under Drift.")
        else:
            messages.success(request, f"{len(people)} people compared, nothing differs.")


@admin.register(Grant)
class GrantAdmin(ReadOnlyAdmin):
    list_display = ("key", "user", "resource", "amount", "state", "lease_ends_at", "created_at")
    list_filter = ("state", "resource")
    list_select_related = ("user",)
    search_fields = ("=key", "=user__email")
    ordering = ("-pk",)


@admin.register(UsageEvent)
class UsageEventAdmin(ReadOnlyAdmin):
    list_display = ("at", "account", "change", "used", "grant_key")
    list_select_related = ("account__user", "account__group")
    search_fields = ("=account__user__email", "=grant_key")
    ordering = ("-pk",)


@admin.register(Drift)
class DriftAdmin(ReadOnlyAdmin):
    list_display = ("found_at", "kind", "subject", "account", "found", "expected", "repaired_at")
    list_filter = ("kind",)
    list_select_related = ("account__user", "account__group")
    ordering = ("-pk",)


@admin.register(OperatorAct)
class OperatorActAdmin(ReadOnlyAdmin):
    list_display = ("at", "by", "what", "why")
    list_select_related = ("by",)
    ordering = ("-pk",)


@admin.register(StoredFile)
class StoredFileAdmin(ReadOnlyAdmin):
    """Names and sizes; what is inside is the owner's."""

    list_display = ("name", "owner", "size", "changed_at", "trashed_at")
    list_select_related = ("owner", "current")
    search_fields = ("=owner__email", "=name")
    ordering = ("-pk",)

    @admin.display(description="size")
    def size(self, row: StoredFile) -> str:
        return shown("storage", row.current.size) if row.current else "-"


@admin.register(Upload)
class UploadAdmin(ReadOnlyAdmin):
    list_display = ("id", "owner", "name", "received", "length", "created_at", "expires_at", "finished_at")
    list_select_related = ("owner",)
    search_fields = ("=id", "=owner__email")
    ordering = ("-created_at",)

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> Any:
        """An id that is none finds nothing, and asks Postgres nothing."""
        plain = search_term.strip()
        if plain and "@" not in plain:
            compact = plain.replace("-", "")
            valid = len(compact) == 32 and all(each in "0123456789abcdefABCDEF" for each in compact)
            return (queryset.filter(pk=compact) if valid else queryset.none()), False
        return (queryset.filter(owner__email=plain) if plain else queryset), False
