from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    name = "webhooks"
    verbose_name = "Webhooks"

    def ready(self) -> None:
        from lib import demo, operations
        from webhooks import events, receivers  # noqa: F401  (both connect themselves)
        from webhooks.demo import furnish
        from webhooks.figures import collect

        operations.register("webhooks", "Webhooks", collect)
        demo.register("webhooks", furnish)
