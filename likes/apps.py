from django.apps import AppConfig
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


class LikesConfig(AppConfig):
    name = "likes"
    verbose_name = "Likes"

    def ready(self) -> None:
        from lib import navigation, operations
        from lib.navigation import Entry
        from likes import kinds
        from likes.panels import collect

        if unknown := set(settings.LIKE_EMOJI) - set(kinds.SIGNS):
            words = f"LIKE_EMOJI: {min(unknown)!r} is none of {', '.join(kinds.SIGNS)}"
            raise ImproperlyConfigured(words)
        navigation.register("account", Entry("What I liked", "likes:mine", place=15))
        operations.register("likes", "Likes", collect)
