"""Addresses of the noticeboard, and of what is said about anything."""

from django.urls import path

from comments.views.appeals import acts_mine, appeal_new, decision_new
from comments.views.discussions import (
    discussion_deletion_new,
    discussion_deletion_undo,
    discussion_detail,
    discussion_edit,
    discussion_history,
    discussion_list,
    discussion_new,
    discussion_text,
)
from comments.views.feeds import discussion_feed, discussions_feed, feed_addresses, feed_key_new, tag_feed
from comments.views.logs import log, public_log
from comments.views.moderation import (
    act_new,
    acts_new,
    author_act_new,
    curbs,
    discussion_act_new,
    discussion_report_new,
    opener_act_new,
    pin_new,
    queue,
    report_new,
    thread_act_new,
    unlimit_new,
    unmute_new,
)
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
    path("discussions/<int:discussion_id>/text", discussion_text, name="discussion_text"),
    path("comments/on/<str:target>/<int:object_id>", comment_new, name="new"),
    path("comments/on/<str:target>/<int:object_id>/subscription", subscription, name="subscription"),
    path("discussions/feeds", feed_addresses, name="feeds"),
    path("discussions/feeds/key", feed_key_new, name="feed_key"),
    path("discussions/feed.atom", discussions_feed, name="discussions_feed"),
    path("discussions/<int:discussion_id>/feed.atom", discussion_feed, name="discussion_feed"),
    path("discussions/tagged/<str:names>/feed.atom", tag_feed, name="tag_feed"),
    path("discussions/moderation", public_log, name="public_log"),
    path("discussions/followed", followed, name="followed"),
    path("comments/preview", preview_new, name="preview"),
    path("comments/<int:comment_id>", comment_detail, name="comment"),
    path("comments/<int:comment_id>/replies", reply_list, name="replies"),
    path("comments/<int:comment_id>/vote", vote_new, name="vote"),
    path("comments/<int:comment_id>/history", history, name="history"),
    path("comments/<int:comment_id>/report", report_new, name="report"),
    path("comments/<int:comment_id>/acts", act_new, name="act"),
    path("comments/<int:comment_id>/author/acts", author_act_new, name="author_act"),
    path("threads/<int:thread_id>/acts", thread_act_new, name="thread_act"),
    path("discussions/<int:discussion_id>/pin", pin_new, name="pin"),
    path("discussions/<int:discussion_id>/acts", discussion_act_new, name="discussion_act"),
    path("discussions/<int:discussion_id>/author/acts", opener_act_new, name="opener_act"),
    path("discussions/<int:discussion_id>/report", discussion_report_new, name="discussion_report"),
    path("discussions/<int:discussion_id>/edit", discussion_edit, name="discussion_edit"),
    path("discussions/<int:discussion_id>/history", discussion_history, name="discussion_history"),
    path("discussions/<int:discussion_id>/deletion", discussion_deletion_new, name="discussion_delete"),
    path("discussions/<int:discussion_id>/deletion/undo", discussion_deletion_undo, name="discussion_undo"),
    path("moderation", queue, name="queue"),
    path("moderation/acts", acts_new, name="acts"),
    path("moderation/curbs", curbs, name="curbs"),
    path("moderation/mutes/<int:user_id>/end", unmute_new, name="unmute"),
    path("moderation/limits/<int:user_id>/end", unlimit_new, name="unlimit"),
    path("moderation/mine", acts_mine, name="acts_mine"),
    path("moderation/acts/<int:act_id>/appeal", appeal_new, name="appeal"),
    path("moderation/appeals/<int:appeal_id>/decision", decision_new, name="decision"),
    path("moderation/log", log, name="log"),
    path("comments/<int:comment_id>/reply", reply_form, name="reply"),
    path("comments/<int:comment_id>/edit", comment_edit, name="edit"),
    path("comments/<int:comment_id>/deletion", deletion_new, name="delete"),
    path("comments/<int:comment_id>/deletion/undo", deletion_undo, name="undo"),
]
