from django.apps import AppConfig


class FeatureflagsConfig(AppConfig):
    name = "featureflags"
    verbose_name = "Feature flags"

    def ready(self) -> None:
        from featureflags import receivers, services  # noqa: F401  (receivers connect themselves)
        from featureflags.demo import seed
        from featureflags.panels import collect
        from featureflags.snapshot import store
        from lib import demo, operations

        store.read_from(services.read_stamp, services.read_snapshot)
        operations.register("featureflags", "Feature flags", collect)
        demo.register("featureflags", seed)
