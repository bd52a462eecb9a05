from django.apps import AppConfig


class PreferencesConfig(AppConfig):
    name = "preferences"
    verbose_name = "Preferences"

    def ready(self) -> None:
        from lib import demo
        from preferences import receivers  # noqa: F401  (models are not loaded before this)
        from preferences.demo import furnish

        demo.register("preferences", furnish)
