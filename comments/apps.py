from django.apps import AppConfig


class CommentsConfig(AppConfig):
    name = "comments"
    verbose_name = "Comments"

    def ready(self) -> None:
        from comments.demo import furnish
        from comments.panels import collect
        from comments.waiting import waits
        from lib import demo, navigation, operations, waiting
        from lib.navigation import Entry

        navigation.register("hall", Entry("Discussions", "comments:discussions", place=20, namespace="comments"))
        # Other moderators know the address; asking for their permission would cost each page two statements.
        moderation = Entry("Moderation", "comments:queue", place=80, shown_to=lambda user: bool(user.is_staff))
        navigation.register("account", moderation)
        mine = Entry("My standing", "comments:acts_mine", place=70)
        navigation.register("account", mine)
        demo.register("comments", furnish)
        operations.register("comments", "Comments", collect)
        waiting.register(waits)
