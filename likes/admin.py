"""What operators see of reactions: everything, and nothing to change."""

from django.contrib import admin

from lib.read_only_admin import ReadOnlyAdmin
from likes.models import Notice, Reaction, ReactionCount


@admin.register(Reaction)
class ReactionAdmin(ReadOnlyAdmin):
    list_display = ("kind", "user", "content_type", "object_id", "created_at")
    list_select_related = ("user", "content_type")
    list_filter = ("family",)
    search_fields = ("=object_id", "=user__email")
    search_help_text = "The number of a thing, or the mail address of a person."
    ordering = ("-pk",)


@admin.register(ReactionCount)
class ReactionCountAdmin(ReadOnlyAdmin):
    list_display = ("content_type", "object_id", "kind", "slot", "count")
    list_select_related = ("content_type",)
    search_fields = ("=object_id",)
    search_help_text = "The number of a thing."
    ordering = ("-pk",)


@admin.register(Notice)
class NoticeAdmin(ReadOnlyAdmin):
    list_display = ("user", "muted_at", "next_mail_at")
    list_select_related = ("user",)
    search_fields = ("=user__email",)
    search_help_text = "The mail address of a person."
    ordering = ("-pk",)
