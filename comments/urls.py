"""Addresses of the noticeboard."""

from django.urls import path

from comments import views

app_name = "comments"
urlpatterns = [
    path("discussions", views.discussion_list, name="discussions"),
    path("discussions/new", views.discussion_new, name="discussion_new"),
    path("discussions/<int:discussion_id>", views.discussion_detail, name="discussion"),
]
