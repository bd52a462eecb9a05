"""Where programs ask about flags; the addresses are OFREP's."""

from django.urls import path

from featureflags import views

app_name = "featureflags"
urlpatterns = [
    path("ofrep/v1/evaluate/flags", views.evaluate_all, name="evaluate_all"),
    path("ofrep/v1/evaluate/flags/<str:key>", views.evaluate_one, name="evaluate_one"),
]
