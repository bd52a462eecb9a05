"""What operators see of discussions."""

from django.contrib import admin

from comments.models import Discussion
from lib.read_only_admin import ReadOnlyAdmin


@admin.register(Discussion)
class DiscussionAdmin(ReadOnlyAdmin):
    list_display = ("title", "author", "created_at")
    list_select_related = ("author",)
    search_fields = ("=id", "title__startswith")
    search_help_text = "A number, or how the title begins."
    ordering = ("-pk",)
