from django.apps import AppConfig


class QuotasConfig(AppConfig):
    name = "quotas"
    verbose_name = "Files and quotas"

    def ready(self) -> None:
        from lib import demo, navigation, operations, waiting
        from lib.navigation import Entry
        from quotas.demo import furnish
        from quotas.figures import collect
        from quotas.waiting import waits

        navigation.register("hall", Entry("Files", "quotas:files", place=60, namespace="quotas"))
        demo.register("quotas", furnish)
        operations.register("quotas", "Files and quotas", collect)
        waiting.register(waits)
