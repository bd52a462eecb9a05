"""The vocabulary: tags, what finds them, what they imply, and what was done to them."""

from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone

from tagging import names

DESCRIPTION_MAX = 1000


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


class Slips(models.Model):
    """Hashes of what somebody may have typed who meant a tag and slipped once.

    Beside the tag, because each change of its count would write all of them into the index again.
    """

    tag = models.OneToOneField(Tag, models.CASCADE, related_name="slips", primary_key=True)
    hashes = ArrayField(models.IntegerField())

    class Meta:
        indexes = [
            # A name that was typed with a slip.
            GinIndex(fields=["hashes"], name="tag_slips", fastupdate=False),
        ]

    def __str__(self) -> str:
        return f"slips of {self.tag_id}"


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
