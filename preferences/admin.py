"""What operators see of preferences: to answer a question, not to choose for people."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from preferences.models import Preference


@admin.register(Preference)
class PreferenceAdmin(admin.ModelAdmin):
    list_display = ("user", "mode", "light_theme", "dark_theme", "motion", "clock", "week_start", "changed_at")
    list_select_related = ("user",)
    search_fields = ("=user__email",)
    ordering = ("-pk",)
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
