from django.apps import AppConfig


class IdempotencyConfig(AppConfig):
    name = "idempotency"
    verbose_name = "Idempotency"

    def ready(self) -> None:
        from idempotency.figures import collect
        from lib import operations

        operations.register("idempotency", "Idempotency", collect)
