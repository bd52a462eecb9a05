from django.apps import AppConfig


class EmailQueueConfig(AppConfig):
    name = "emailqueue"
    verbose_name = "Mail"

    def ready(self) -> None:
        from emailqueue.demo import furnish
        from emailqueue.figures import collect
        from lib import demo, navigation, operations
        from lib.navigation import Entry

        navigation.register("account", Entry("Your mail", "emailqueue:wishes", place=29))
        operations.register("mail", "Mail", collect)
        demo.register("emailqueue", furnish)
