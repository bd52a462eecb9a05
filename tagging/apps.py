from django.apps import AppConfig


class TaggingConfig(AppConfig):
    name = "tagging"
    verbose_name = "Tags"

    def ready(self) -> None:
        from lib import demo, navigation, operations
        from lib.navigation import Entry
        from tagging.demo import furnish
        from tagging.panels import collect

        navigation.register("hall", Entry("Tags", "tagging:tags", place=30, namespace="tagging"))
        demo.register("tagging", furnish)
        operations.register("tagging", "Tags", collect)
