"""The admin site of the hall: the same sign-in page as everybody's."""

from django.contrib import admin
from django.contrib.admin.apps import AdminConfig


class HallAdminConfig(AdminConfig):
    default_site = "config.admin.HallAdminSite"


class HallAdminSite(admin.AdminSite):
    site_header = "Guildhall"
    site_title = "Guildhall"
    index_title = "The hall's books"
    enable_nav_sidebar = True
