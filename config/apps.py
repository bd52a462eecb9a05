from django.apps import AppConfig


class HallConfig(AppConfig):
    """Makes `config` an app, for the commands and the one table that span apps and belong to none."""

    name = "config"
    verbose_name = "The hall"
