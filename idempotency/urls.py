"""The address of the published policy."""

from django.urls import path

from idempotency import views

app_name = "idempotency"
urlpatterns = [path("api/idempotency", views.policy, name="policy")]
