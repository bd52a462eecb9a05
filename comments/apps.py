from django.apps import AppConfig


class CommentsConfig(AppConfig):
    name = "comments"
    verbose_name = "Comments"

    def ready(self) -> None:
        from comments.demo import furnish
        from comments.panels import collect
        from lib import demo, navigation, operations
        from lib.navigation import Entry

        navigation.register("hall", Entry("Discussions", "comments:discussions", place=20, namespace="comments"))
        demo.register("comments", furnish)
        operations.register("comments", "Comments", collect)
