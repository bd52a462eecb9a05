"""Addresses of the noticeboard, and of what is said about anything."""

from django.urls import path

from comments.views.discussions import discussion_detail, discussion_list, discussion_new
from comments.views.moderation import act_new, lock_new, log, queue, report_new
from comments.views.subscriptions import followed, subscription
from comments.views.talk import comment_detail, history, reply_list
from comments.views.writing import (
    comment_edit,
    comment_new,
    deletion_new,
    deletion_undo,
    preview_new,
    reply_form,
    vote_new,
)

app_name = "comments"
urlpatterns = [
    path("discussions", discussion_list, name="discussions"),
    path("discussions/new", discussion_new, name="discussion_new"),
    path("discussions/<int:discussion_id>", discussion_detail, name="discussion"),
    path("comments/on/<str:target>/<int:object_id>", comment_new, name="new"),
    path("comments/on/<str:target>/<int:object_id>/subscription", subscription, name="subscription"),
    path("discussions/followed", followed, name="followed"),
    path("comments/preview", preview_new, name="preview"),
    path("comments/<int:comment_id>", comment_detail, name="comment"),
    path("comments/<int:comment_id>/replies", reply_list, name="replies"),
    path("comments/<int:comment_id>/vote", vote_new, name="vote"),
    path("comments/<int:comment_id>/history", history, name="history"),
    path("comments/<int:comment_id>/report", report_new, name="report"),
    path("comments/<int:comment_id>/acts", act_new, name="act"),
    path("threads/<int:thread_id>/acts", lock_new, name="lock"),
    path("moderation", queue, name="queue"),
    path("moderation/log", log, name="log"),
    path("comments/<int:comment_id>/reply", reply_form, name="reply"),
    path("comments/<int:comment_id>/edit", comment_edit, name="edit"),
    path("comments/<int:comment_id>/deletion", deletion_new, name="delete"),
    path("comments/<int:comment_id>/deletion/undo", deletion_undo, name="undo"),
]
