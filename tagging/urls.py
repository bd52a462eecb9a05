"""Addresses of tags."""

from django.urls import path

from tagging import views

app_name = "tagging"
urlpatterns = [
    path("tags", views.tag_list, name="tags"),
    path("tags-followed", views.followed, name="followed"),
    path("tags-suggested", views.suggestions, name="suggestions"),
    path("tags/<str:names>", views.tag_detail, name="tag"),
    path("tags/<str:names>/narrow", views.narrow, name="narrow"),
    path("tags/<str:name>/follow", views.follow, name="follow"),
    path("tagged/<str:target>/<int:object_id>", views.edit, name="edit"),
]
