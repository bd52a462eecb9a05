"""What things are called: tags, what carries them, and how the vocabulary is kept clean.

Invariants:

1. One tag for each meaning: the normalised name is unique (`tagging/names.py`), and so is what it looks like.
2. `usage_count` equals the number of taggings, always: the statement that changes taggings changes the count, by the
   trigger that likes are counted with. A thing carries a tag once, and its array of tags is its taggings.
3. A synonym points at a canonical tag in one step: a foreign key over (key, is canonical) lets no chain or cycle stand.
   Implications have no cycles.

A thing can be tagged when its model declares `tags = GenericRelation("tagging.Item")` and has `visible_to(user)`,
`get_absolute_url()` and `created_at`, which is its place among what is found, newest first.
"""

from typing import Any, Self

from django.conf import settings
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone

from lib.exact_counts import Tally
from tagging import names

DESCRIPTION_MAX = 1000
TAGS_MAX = 10
COUNTED = Tally(
    rows="tagging_tagging", by=["tag_id"], counts="tagging_tag", key=["id"], column="usage_count", parents=True
)


class TagGroup(models.Model):
    name = models.CharField(max_length=80, unique=True)
    # Of an exclusive group a thing carries one tag at most.
    exclusive = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.name


class TagQuerySet(models.QuerySet["Tag"]):
    def canonical(self) -> Self:
        return self.filter(canonical=None)

    def offered(self) -> Self:
        """What somebody may find: canonical, and in use or lately made."""
        return self.canonical().filter(retired_at=None)

    def by_use(self) -> Self:
        return self.order_by("-usage_count", "name")


class Tag(models.Model):
    name = models.CharField(max_length=names.LENGTH_MAX, unique=True)
    display_name = models.CharField(max_length=names.DISPLAY_MAX)
    skeleton = models.CharField(max_length=names.LENGTH_MAX, unique=True)
    # Hashes of what somebody may have typed who meant this and slipped once.
    slips = ArrayField(models.IntegerField(), default=list)
    description = models.TextField(max_length=DESCRIPTION_MAX, blank=True)
    group = models.ForeignKey(TagGroup, models.SET_NULL, null=True, blank=True, related_name="tags")
    canonical = models.ForeignKey("self", models.CASCADE, null=True, blank=True, related_name="synonyms")
    implies = models.ManyToManyField("self", symmetrical=False, related_name="implied_by", through="Implication")
    usage_count = models.IntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    # Not to be used any more; what carries it keeps it.
    deprecated_at = models.DateTimeField(null=True, blank=True)
    # For operators only.
    reserved_at = models.DateTimeField(null=True, blank=True)
    # Unused for long, hence not offered; using it brings it back.
    retired_at = models.DateTimeField(null=True, blank=True)

    objects = TagQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(usage_count__gte=0), name="tag_usage_is_never_below_zero"),
            models.CheckConstraint(
                condition=Q(name__regex=r"^\S+$") & ~Q(name__contains="_"), name="tag_name_is_normalised"
            ),
            models.CheckConstraint(condition=~Q(canonical=F("id")), name="tag_is_no_synonym_of_itself"),
        ]
        indexes = [
            # The list of tags, and what is likely unused.
            models.Index(F("usage_count").desc(), F("name"), name="tag_by_use", condition=Q(canonical=None)),
            # A name that was typed with a slip.
            GinIndex(fields=["slips"], name="tag_slips", fastupdate=False),
        ]

    def __str__(self) -> str:
        return self.display_name

    def get_absolute_url(self) -> str:
        return reverse("tagging:tag", args=[self.name])


class Beginning(models.Model):
    """A name from one of its words on: what is looked through while somebody types."""

    tag = models.ForeignKey(Tag, models.CASCADE, related_name="beginnings")
    text = models.CharField(max_length=names.LENGTH_MAX)

    class Meta:
        indexes = [models.Index(fields=["text"], opclasses=["text_pattern_ops"], name="tag_beginning")]

    def __str__(self) -> str:
        return self.text


class Shortlist(models.Model):
    """For a short text that begins many names: those in most use, as of the last look."""

    prefix = models.CharField(max_length=10, primary_key=True)
    tag_ids = ArrayField(models.BigIntegerField())

    def __str__(self) -> str:
        return self.prefix


class Implication(models.Model):
    """What carries `tag` carries `implied`, too."""

    tag = models.ForeignKey(Tag, models.CASCADE, related_name="+")
    implied = models.ForeignKey(Tag, models.CASCADE, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tag", "implied"], name="implication_is_said_once"),
            models.CheckConstraint(condition=~Q(tag=F("implied")), name="tag_does_not_imply_itself"),
        ]

    def __str__(self) -> str:
        return f"{self.tag_id} → {self.implied_id}"


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


class TagChange(models.Model):
    """What was done to the vocabulary; a ledger: rows are never changed."""

    tag_name = models.CharField(max_length=names.LENGTH_MAX)
    what = models.CharField(max_length=200)
    reason = models.CharField(max_length=200)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index("tag_name", F("id").desc(), name="tag_changes")]

    def __str__(self) -> str:
        return f"{self.tag_name}: {self.what}"
