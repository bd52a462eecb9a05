"""Files that belong to things of upper apps."""

from typing import Self

from django.conf import settings
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.contrib.postgres.expressions import ArraySubquery
from django.db import models
from django.db.models import OuterRef, Q
from django.db.models.functions import JSONObject
from django.utils import timezone

from quotas.models.files import StoredFile, Version

# Files at one thing.
ATTACHED_MAX = 10


class AttachmentQuerySet(models.QuerySet["Attachment"]):
    def with_version(self) -> Self:
        return self.select_related("file__current__file", "content_type")

    def listed(self, kind_id: int) -> ArraySubquery:
        """Return what pages show of the files at each row of a query over things of one kind, in its statement.

        A list of dictionaries, in the order of attaching: `id`, `name`, `size` in bytes, `content_type`, `has_picture`.
        """
        rows = self.filter(content_type_id=kind_id, object_id=OuterRef("pk"), file__trashed_at=None)
        told = JSONObject(
            id="pk",
            name="file__name",
            size="file__current__size",
            content_type="file__current__content_type",
            has_picture=Q(file__current__picture=Version.Picture.MADE),
        )
        return ArraySubquery(rows.exclude(file__current=None).order_by("pk").values(told=told))


class Attachment(models.Model):
    """A file that belongs to something of an upper app; who may see that may see the file."""

    file = models.ForeignKey(StoredFile, models.CASCADE, related_name="attachments")
    content_type = models.ForeignKey(ContentType, models.CASCADE, related_name="+")
    object_id = models.BigIntegerField()
    target = GenericForeignKey("content_type", "object_id")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    objects = AttachmentQuerySet.as_manager()

    class Meta:
        constraints = [
            # Also the index by which a page finds what is attached to a thing.
            models.UniqueConstraint(fields=["content_type", "object_id", "file"], name="attachment_is_one_a_thing"),
        ]

    def __str__(self) -> str:
        return f"{self.file} at {self.content_type} {self.object_id}"
