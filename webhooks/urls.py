"""Pages of integrators."""

app_name = "webhooks"
urlpatterns: list = []
