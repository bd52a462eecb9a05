from django.apps import AppConfig


class SessionsAppConfig(AppConfig):
    name = "sessions_app"
    verbose_name = "Sign-in and sessions"

    def ready(self) -> None:
        from lib import demo, navigation, operations, waiting
        from lib.navigation import Entry
        from sessions_app import receivers  # noqa: F401  (connects the answers to sign-in signals)
        from sessions_app.demo import furnish
        from sessions_app.panels import collect
        from sessions_app.waiting import waits

        navigation.register("account", Entry("Devices", "sessions_app:devices", place=10))
        navigation.register("account", Entry("Security log", "sessions_app:security_log", place=11))
        navigation.register("account", Entry("API tokens", "sessions_app:tokens", place=12))
        navigation.register("account", Entry("Mail address", "account_email", place=30))
        navigation.register("account", Entry("Password", "account_change_password", place=31))
        navigation.register("account", Entry("Two-factor", "mfa_index", place=32))
        waiting.register(waits)
        operations.register("sessions_app", "Sign-in and sessions", collect)
        demo.register("sessions_app", furnish)
