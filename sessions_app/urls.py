"""Pages about being signed in."""

from django.urls import path

from sessions_app import views

app_name = "sessions_app"
urlpatterns = [
    path("account/devices", views.device_list, name="devices"),
    path("account/devices/others/end", views.other_devices_end, name="other_devices_end"),
    path("account/devices/all/end", views.all_devices_end, name="all_devices_end"),
    path("account/devices/<int:session_id>/end", views.device_end, name="device_end"),
    path("account/security", views.security_log, name="security_log"),
    path("account/tokens", views.token_list, name="tokens"),
    path("account/tokens/new", views.token_create, name="token_create"),
    path("account/tokens/<int:token_id>/revoke", views.token_revoke, name="token_revoke"),
    path("account/not-me/<str:token>", views.not_me, name="not_me"),
]
