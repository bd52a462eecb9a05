"""What operators see of preferences: to answer a question, not to choose for people."""

from django.contrib import admin

from lib.read_only_admin import ReadOnlyAdmin
from preferences.models import Preference


@admin.register(Preference)
class PreferenceAdmin(ReadOnlyAdmin):
    list_display = ("user", "mode", "light_theme", "dark_theme", "motion", "clock", "week_start", "changed_at")
    list_select_related = ("user",)
    search_fields = ("=user__email",)
    ordering = ("-pk",)
