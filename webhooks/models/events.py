"""Events: what happened."""

from datetime import datetime
from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from webhooks import identifiers


class EventQuerySet(models.QuerySet["Event"]):
    def since(self, at: datetime) -> Self:
        """Events from that moment on: only the partitions that can hold them are read."""
        return self.filter(pk__gte=identifiers.floor(at))

    def until(self, at: datetime) -> Self:
        return self.filter(pk__lt=identifiers.floor(at))


class Event(models.Model):
    """Something that happened; never changed."""

    id = models.UUIDField(primary_key=True)
    type = models.CharField(max_length=80)
    published_at = models.DateTimeField()
    # The bytes that are sent and signed, as they are.
    body = models.BinaryField()
    # What has to stay in order: "booking:7"; empty for an event that stands alone.
    key = models.CharField(max_length=200, blank=True)
    # The people whom it is about.
    about = ArrayField(models.BigIntegerField(), default=list)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", db_constraint=False)
    # Set for an event that is meant for one endpoint only: a test.
    only_for = models.BigIntegerField(null=True)

    objects = EventQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(type__regex=r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$"), name="webhook_event_type_is_dotted"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.message_id}"

    @property
    def message_id(self) -> str:
        return identifiers.message_id(self.pk)
