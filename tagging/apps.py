from django.apps import AppConfig


class TaggingConfig(AppConfig):
    name = "tagging"
    verbose_name = "Tags"

    def ready(self) -> None:
        from lib import navigation, operations
        from lib.navigation import Entry
        from tagging.panels import collect

        navigation.register("hall", Entry("Tags", "tagging:tags", place=30, namespace="tagging"))
        operations.register("tagging", "Tags", collect)
