"""The admin site of the hall: the same sign-in page as everybody's, and the Operations page."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import admin
from django.contrib.admin.apps import AdminConfig
from django.contrib.admin.options import TO_FIELD_VAR
from django.core.exceptions import BadRequest
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import URLPattern, URLResolver, path, reverse


class HallAdminConfig(AdminConfig):
    default_site = "config.admin.HallAdminSite"

    def ready(self) -> None:
        super().ready()
        from config import panels  # panels read models, which are there only now

        panels.register()


class HallAdminSite(admin.AdminSite):
    site_header = "Guildhall"
    site_title = "Guildhall"
    index_title = "The hall's books"
    enable_nav_sidebar = True

    def get_urls(self) -> list[URLResolver | URLPattern]:
        from config import operations  # views need the apps, which are there only after this module

        return [
            path("operations/", self.admin_view(operations.operations), name="operations"),
            *super().get_urls(),
        ]

    def admin_view(self, view: Callable[..., Any], cacheable: bool = False) -> Any:
        """Refuse a reference by a field without a name, which Django would look up."""
        guarded = super().admin_view(view, cacheable)

        @wraps(guarded)
        def refuse_nameless(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if "" in (request.GET.get(TO_FIELD_VAR), request.POST.get(TO_FIELD_VAR)):
                raise BadRequest(f"{TO_FIELD_VAR} must name a field.")
            return guarded(request, *args, **kwargs)

        return refuse_nameless

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Show the Operations page above the books, to those who may read it."""
        from config import operations

        books = super().get_app_list(request, app_label)
        if app_label is not None or not operations.may_read(request):
            return books
        address = reverse("admin:operations")
        page = {
            "name": "Operations",
            "object_name": "Operations",
            "admin_url": address,
            "add_url": None,
            "view_only": True,
            "perms": {"add": False, "change": False, "delete": False, "view": True},
        }
        hall = {
            "name": "The hall",
            "app_label": "operations",
            "app_url": address,
            "has_module_perms": True,
            "models": [page],
        }
        return [hall, *books]
