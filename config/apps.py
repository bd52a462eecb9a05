from django.apps import AppConfig


class HallConfig(AppConfig):
    """Makes `config` an app, for the commands, the tags and the one table that span apps and belong to none."""

    name = "config"
    verbose_name = "The hall"

    def ready(self) -> None:
        from lib import navigation
        from lib.navigation import Entry

        navigation.register("hall", Entry("Home", "home", place=0))
        navigation.register("account", Entry("Admin", "admin:index", place=90, shown_to=lambda user: user.is_staff))
