"""One tag becoming another, and the way back."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from tagging.models.labels import Item
from tagging.models.vocabulary import Tag


class MergeQuerySet(models.QuerySet["Merge"]):
    def unfinished(self) -> Self:
        return self.filter(finished_at=None)


class Merge(models.Model):
    """One tag became another: what, who, when, why; and back again."""

    source = models.ForeignKey(Tag, models.CASCADE, related_name="+")
    target = models.ForeignKey(Tag, models.CASCADE, related_name="+")
    reason = models.CharField(max_length=200)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    moved = models.PositiveIntegerField(default=0)
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    # Of the way it goes now: there, or back once it is being undone.
    finished_at = models.DateTimeField(null=True)

    objects = MergeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="merge_has_a_reason"),
            models.CheckConstraint(condition=~Q(source=F("target")), name="merge_is_of_two_tags"),
            models.UniqueConstraint(
                fields=["source"], condition=Q(finished_at=None), name="tag_is_merged_by_one_at_a_time"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source} → {self.target}"


class MergeDrop(models.Model):
    """What a merge found there already, and needs for the way back: a tagging, or a follower."""

    merge = models.ForeignKey(Merge, models.CASCADE, related_name="drops")
    item = models.ForeignKey(Item, models.CASCADE, null=True, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="+")
    source = models.CharField(max_length=10, blank=True)
    kind = models.CharField(max_length=10, blank=True)
    by_id = models.BigIntegerField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(item__isnull=False, user=None) | Q(item=None, user__isnull=False),
                name="merge_drop_is_of_a_thing_or_a_person",
            )
        ]

    def __str__(self) -> str:
        return f"{self.merge_id}: {self.item_id or self.user_id}"
