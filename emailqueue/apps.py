from django.apps import AppConfig


class EmailQueueConfig(AppConfig):
    name = "emailqueue"
    verbose_name = "Mail"

    def ready(self) -> None:
        from emailqueue.demo import furnish
        from emailqueue.figures import collect
        from lib import demo, operations

        operations.register("mail", "Mail", collect)
        demo.register("emailqueue", furnish)
