from django.apps import AppConfig


class CommentsConfig(AppConfig):
    name = "comments"
    verbose_name = "Comments"

    def ready(self) -> None:
        from comments.demo import furnish
        from lib import demo

        demo.register("comments", furnish)
