"""What carries tags, and who gave them."""

from django.conf import settings
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from lib.exact_counts import Tally
from tagging.models.vocabulary import Tag

TAGS_MAX = 10
COUNTED = Tally(
    rows="tagging_tagging", by=["tag_id"], counts="tagging_tag", key=["id"], column="usage_count", parents=True
)


class Item(models.Model):
    """A thing that carries tags, and which: the array is kept by a trigger over its taggings."""

    content_type = models.ForeignKey(ContentType, models.CASCADE, related_name="+", db_constraint=False)
    object_id = models.PositiveBigIntegerField()
    thing = GenericForeignKey()
    at = models.DateTimeField()
    tag_ids = ArrayField(models.BigIntegerField(), default=list)

    class Meta:
        constraints = [
            # Also the index by which a page finds the tags of what it shows.
            models.UniqueConstraint(fields=["content_type", "object_id"], name="item_stands_for_one_thing"),
        ]
        indexes = [
            # What carries all of some tags, and none of others.
            GinIndex(fields=["tag_ids"], name="item_tags", fastupdate=False),
            # The newest of all, from which related tags are counted and a muted tag is left out.
            models.Index(F("at").desc(), F("id").desc(), name="item_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.content_type_id}:{self.object_id}"


class Tagging(models.Model):
    class Source(models.TextChoices):
        PERSON = "person", "a person"
        OPERATOR = "operator", "an operator"
        IMPORT = "import", "an import"

    item = models.ForeignKey(Item, models.CASCADE, related_name="taggings", db_index=False)
    # Without a constraint: it would lock the row of a popular tag for each thing that gets it.
    tag = models.ForeignKey(Tag, models.CASCADE, related_name="taggings", db_constraint=False, db_index=False)
    source = models.CharField(max_length=10, choices=Source.choices, default=Source.PERSON)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    # The merge that moved it here, which may be undone.
    merge = models.ForeignKey("Merge", models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["item", "tag"], name="item_carries_a_tag_once"),
            models.CheckConstraint(
                condition=Q(source__in=["person", "operator", "import"]), name="tagging_has_a_source"
            ),
        ]
        indexes = [
            # A merge moves taggings in batches from here, and the newest of a tag are walked.
            models.Index("tag", F("item").desc(), name="tagging_of_tag"),
        ]

    def __str__(self) -> str:
        return f"{self.item_id}: {self.tag_id}"
