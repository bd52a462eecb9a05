"""What hangs on a thing: the thread of all that is said about it."""

from typing import Any, Self

from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import Q

from lib import targets


class ThreadQuerySet(models.QuerySet["Thread"]):
    def on(self, thing: Any) -> Self:
        kind, pk = targets.place_of(thing)
        return self.filter(content_type_id=kind, object_id=pk)


class Thread(models.Model):
    """All that is said about one thing; made when the first comment comes."""

    content_type = models.ForeignKey(ContentType, models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    object_id = models.PositiveBigIntegerField()
    thing = GenericForeignKey()
    comment_count = models.IntegerField(default=0)
    locked_at = models.DateTimeField(null=True)
    # Since when a moderator looks at each comment before others see it.
    premoderated_at = models.DateTimeField(null=True)

    objects = ThreadQuerySet.as_manager()

    class Meta:
        constraints = [
            # Also the index by which a page finds the thread of its thing.
            models.UniqueConstraint(fields=["content_type", "object_id"], name="thread_once_per_thing"),
            models.CheckConstraint(condition=Q(comment_count__gte=0), name="thread_count_is_never_below_zero"),
        ]

    def __str__(self) -> str:
        return f"thread {self.pk}"
