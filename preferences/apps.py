from django.apps import AppConfig


class PreferencesConfig(AppConfig):
    name = "preferences"
    verbose_name = "Preferences"

    def ready(self) -> None:
        from lib import demo, navigation
        from lib.navigation import Entry
        from preferences import receivers  # noqa: F401  (models are not loaded before this)
        from preferences.demo import furnish

        navigation.register("account", Entry("Appearance", "preferences:settings", place=20))
        demo.register("preferences", furnish)
