from django.apps import AppConfig


class SessionsAppConfig(AppConfig):
    name = "sessions_app"
    verbose_name = "Sign-in and sessions"

    def ready(self) -> None:
        from lib import demo, operations, waiting
        from sessions_app import receivers  # noqa: F401  (connects the answers to sign-in signals)
        from sessions_app.demo import furnish
        from sessions_app.panels import collect
        from sessions_app.waiting import waits

        waiting.register(waits)
        operations.register("sessions_app", "Sign-in and sessions", collect)
        demo.register("sessions_app", furnish)
