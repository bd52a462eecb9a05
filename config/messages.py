"""One sentence for the next page, kept in a cookie that has the same guards as the others."""

from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.messages.storage.session import SessionStorage


class HallCookieStorage(CookieStorage):
    cookie_name = settings.MESSAGES_COOKIE_NAME


class HallStorage(FallbackStorage):
    """Django's own: what does not fit into the cookie goes into the session."""

    storage_classes = (HallCookieStorage, SessionStorage)
