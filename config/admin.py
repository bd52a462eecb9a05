"""The admin site of the hall: the same sign-in page as everybody's, and the Operations page."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.apps import AdminConfig
from django.http import HttpRequest
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
