"""Addresses of what people prefer."""

from django.urls import path

from preferences import views

app_name = "preferences"
urlpatterns = [
    path("settings/appearance", views.appearance, name="settings"),
    path("settings/theme", views.theme, name="theme"),
]
