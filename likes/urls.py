"""Addresses of reactions."""

from django.urls import path

from likes import views

app_name = "likes"
urlpatterns = [
    path("account/likes", views.mine, name="mine"),
    path("account/likes/mails", views.notices, name="notices"),
    path("likes/<str:target>/<int:object_id>", views.people, name="people"),
    path("likes/<str:target>/<int:object_id>/set", views.reaction_set, name="set"),
    path("likes/<str:target>/<int:object_id>/clear", views.reaction_clear, name="clear"),
]
