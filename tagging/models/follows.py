"""Who follows a tag, and who does not want to see it."""

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from tagging.models.vocabulary import Tag


class TagFollowQuerySet(models.QuerySet["TagFollow"]):
    def of_person(self, user: Any) -> Self:
        return self.filter(user=user)


class TagFollow(models.Model):
    class Kind(models.TextChoices):
        FOLLOW = "follow", "Followed"
        MUTE = "mute", "Muted"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False)
    tag = models.ForeignKey(Tag, models.CASCADE, related_name="follows")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    created_at = models.DateTimeField(default=timezone.now)
    told_at = models.DateTimeField(default=timezone.now)  # what came up to then
    merge = models.ForeignKey("Merge", models.SET_NULL, null=True, related_name="+")

    objects = TagFollowQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "tag"], name="tag_is_followed_or_muted_once"),
            models.CheckConstraint(condition=Q(kind__in=["follow", "mute"]), name="tag_follow_kind_exists"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.tag_id}"
