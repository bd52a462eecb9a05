"""The addresses by which a program that reads feeds is let in as a person."""

from typing import Any

from django.conf import settings
from django.db import models


class FeedKey(models.Model):
    """Which version of a person's feed addresses is let in; a new version shuts the addresses before it."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", primary_key=True)
    version: Any = models.PositiveIntegerField(default=1)

    def __str__(self) -> str:
        return f"feed key of {self.user_id}"
