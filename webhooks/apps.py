from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    name = "webhooks"
    verbose_name = "Webhooks"

    def ready(self) -> None:
        from lib import demo, navigation, operations
        from lib.navigation import Entry
        from webhooks import events, receivers  # noqa: F401  (both connect themselves)
        from webhooks.demo import furnish
        from webhooks.figures import collect

        navigation.register("account", Entry("Webhooks", "webhooks:endpoints", place=13, namespace="webhooks"))
        operations.register("webhooks", "Webhooks", collect)
        demo.register("webhooks", furnish)
