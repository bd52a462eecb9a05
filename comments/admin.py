"""What operators see of discussions and comments."""

from django.contrib import admin

from comments.models import (
    Act,
    Appeal,
    Comment,
    DigestTurn,
    Discussion,
    FeedKey,
    Limit,
    Mute,
    Report,
    Revision,
    Subscription,
    Thread,
)
from lib.read_only_admin import ReadOnlyAdmin


@admin.register(Discussion)
class DiscussionAdmin(ReadOnlyAdmin):
    list_display = ("title", "author", "created_at")
    list_select_related = ("author",)
    search_fields = ("=id", "title__startswith")
    search_help_text = "A number, or how the title begins."
    ordering = ("-pk",)


@admin.register(Thread)
class ThreadAdmin(ReadOnlyAdmin):
    list_display = ("id", "content_type", "object_id", "comment_count", "locked_at")
    list_select_related = ("content_type",)
    search_fields = ("=id", "=object_id")
    search_help_text = "The number of a thread, or of the thing that it is about."
    ordering = ("-pk",)


@admin.register(Comment)
class CommentAdmin(ReadOnlyAdmin):
    list_display = ("id", "author", "state", "depth", "reply_count", "created_at")
    list_select_related = ("author",)
    list_filter = ("state",)
    search_fields = ("=id", "=thread__id", "=author__email")
    search_help_text = "The number of a comment or a thread, or the mail address of a person."
    ordering = ("-pk",)


@admin.register(Revision)
class RevisionAdmin(ReadOnlyAdmin):
    list_display = ("comment", "replaced_at")
    search_fields = ("=comment__id",)
    search_help_text = "The number of a comment."
    ordering = ("-pk",)


@admin.register(Report)
class ReportAdmin(ReadOnlyAdmin):
    list_display = ("comment", "reason", "reporter", "created_at", "settled_at")
    list_select_related = ("reporter",)
    list_filter = ("reason",)
    search_fields = ("=comment__id", "=reporter__email")
    search_help_text = "The number of a comment, or the mail address of who reported it."
    ordering = ("-pk",)


@admin.register(Act)
class ActAdmin(ReadOnlyAdmin):
    list_display = ("kind", "comment", "thread", "person", "reason", "by", "created_at")
    list_select_related = ("by", "person")
    list_filter = ("kind",)
    search_fields = ("=comment__id", "=thread__id", "=by__email")
    search_help_text = "The number of a comment or a thread, or the mail address of a moderator."
    ordering = ("-pk",)


@admin.register(Subscription)
class SubscriptionAdmin(ReadOnlyAdmin):
    list_display = ("id", "thread", "user", "told_at", "left_at")
    list_select_related = ("user", "thread")
    search_fields = ("=thread__id", "=user__email")
    search_help_text = "The number of a thread, or the mail address of a person."
    ordering = ("-pk",)


@admin.register(DigestTurn)
class DigestTurnAdmin(ReadOnlyAdmin):
    list_display = ("user", "next_mail_at")
    list_select_related = ("user",)
    search_fields = ("=user__email",)
    search_help_text = "The mail address of a person."
    ordering = ("-pk",)


@admin.register(Mute, Limit)
class CurbAdmin(ReadOnlyAdmin):
    list_display = ("user", "until_at", "reason")
    list_select_related = ("user",)
    search_fields = ("=user__email",)
    search_help_text = "The mail address of a person."
    ordering = ("-until_at",)


@admin.register(Appeal)
class AppealAdmin(ReadOnlyAdmin):
    list_display = ("id", "act", "by", "created_at", "decided_at", "decided_by", "granted")
    list_select_related = ("act", "by", "decided_by")
    list_filter = ("granted",)
    search_fields = ("=act__id", "=by__email")
    search_help_text = "The number of an act, or the mail address of who appealed."
    ordering = ("-pk",)


@admin.register(FeedKey)
class FeedKeyAdmin(ReadOnlyAdmin):
    list_display = ("user", "version")
    list_select_related = ("user",)
    search_fields = ("=user__email",)
    search_help_text = "The mail address of a person."
    ordering = ("-pk",)
