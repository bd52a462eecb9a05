"""Every address of the hall."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from config import api_docs, health, metrics, once, views
from config.api import api
from idempotency.routes import guarded

# One sign-in page for everybody: second factors and limits hold for operators too.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

pages: list[URLPattern | URLResolver] = [
    path("", views.home, name="home"),
    path("accounts/", include("allauth.urls")),
    path("", include("sessions_app.urls")),
    path("", include("preferences.urls")),
    path("", include("idempotency.urls")),
    path("api/openapi.json", api_docs.openapi, name="openapi"),
    path("api/docs", api_docs.docs, name="api_docs"),
    path("", include("featureflags.urls")),
    path("", include("webhooks.urls")),
    path("", include("emailqueue.urls")),
    path("", include("likes.urls")),
    path("", include("tagging.urls")),
    path("", include("comments.urls")),
    path("admin/", admin.site.urls),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", metrics.metrics, name="metrics"),
]

# Every form is done once for its key; operations of the JSON API say so themselves.
urlpatterns = [
    *guarded(pages, policies=once.POLICIES, exempt=once.EXEMPT),
    path("api/v1/", api.urls),
]

handler400 = "config.views.bad_request"
handler403 = "config.views.permission_denied"
handler404 = "config.views.page_not_found"
handler500 = "config.views.server_error"
