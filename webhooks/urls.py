"""Pages of integrators: their endpoints, the log, and the catalogue of events."""

from django.urls import path

from webhooks import views

app_name = "webhooks"
urlpatterns = [
    path("webhooks", views.endpoint_list, name="endpoints"),
    path("webhooks/new", views.endpoint_new, name="endpoint_new"),
    path("webhooks/events", views.event_list, name="events"),
    path("webhooks/events/<str:name>", views.event_detail, name="event"),
    path("webhooks/<int:endpoint_id>", views.endpoint_detail, name="endpoint"),
    path("webhooks/<int:endpoint_id>/edit", views.endpoint_edit, name="endpoint_edit"),
    path("webhooks/<int:endpoint_id>/secrets", views.secret_list, name="secrets"),
    path("webhooks/<int:endpoint_id>/secrets/rotate", views.secrets_rotate, name="secrets_rotate"),
    path("webhooks/<int:endpoint_id>/test", views.test_send, name="test"),
    path("webhooks/<int:endpoint_id>/pause", views.endpoint_pause, name="endpoint_pause"),
    path("webhooks/<int:endpoint_id>/enable", views.endpoint_enable, name="endpoint_enable"),
    path("webhooks/<int:endpoint_id>/remove", views.endpoint_remove, name="endpoint_remove"),
    path("webhooks/<int:endpoint_id>/log", views.delivery_list, name="log"),
    path("webhooks/<int:endpoint_id>/resend", views.range_resend, name="resend_range"),
    path("webhooks/<int:endpoint_id>/recover", views.endpoint_recover, name="recover"),
    path("webhooks/deliveries/<uuid:delivery_id>", views.delivery_detail, name="delivery"),
    path("webhooks/deliveries/<uuid:delivery_id>/resend", views.delivery_resend, name="delivery_resend"),
]
