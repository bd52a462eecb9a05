"""Who reacted to what: a row for each reaction, and counts that are the number of rows.

Invariants:

1. A person has at most one reaction of each family (like, emoji, vote) on a thing; setting it twice is setting it once.
2. The counts that are shown equal the number of rows, at every moment, after any interleaving, crash or deletion: the
   statement that changes a row changes its count, by a trigger. A count below zero cannot be stored, and nothing hides
   a difference.
3. Setting and clearing are separate acts; nothing toggles.

A thing can be reacted to when its model declares it:

    reactions = GenericRelation("likes.Reaction")
    reaction_counts = GenericRelation("likes.ReactionCount")
    reaction_families = ("like", "emoji")

and has `owner_id`, `get_absolute_url()` and `visible_to(user)`. Removing it removes the reactions, then the counts.
"""

from typing import Any, Self

from django.conf import settings
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from lib import targets
from lib.exact_counts import Tally
from likes import kinds

# A hot thing's count is spread over so many rows, by the person, so that most acts do not wait for another.
SLOTS = 32
COUNTED = Tally(
    rows="likes_reaction",
    by=("content_type_id", "object_id", "kind", f"user_id % {SLOTS}"),
    counts="likes_reactioncount",
    key=("content_type_id", "object_id", "kind", "slot"),
)


class ReactionQuerySet(models.QuerySet["Reaction"]):
    def of_person(self, user: Any) -> Self:
        return self.filter(user=user)

    def to(self, thing: Any) -> Self:
        kind, pk = targets.place_of(thing)
        return self.filter(content_type_id=kind, object_id=pk)

    def told(self) -> Self:
        """Leave out votes: nobody is shown who voted."""
        return self.exclude(family=kinds.VOTE)

    def visible_to(self, user: Any) -> Self:
        """Keep reactions to things that this person may see."""
        return self.filter(targets.on_visible_things(Reaction, user))

    def unnoticed(self) -> Self:
        """Those that their thing's owner has not been told of."""
        return self.told().filter(noticed_at=None)


class Reaction(models.Model):
    # Without a constraint: it would lock the one row of a content type for each reaction of the hall.
    content_type = models.ForeignKey(ContentType, models.CASCADE, related_name="+", db_constraint=False)
    object_id = models.PositiveBigIntegerField()
    thing = GenericForeignKey()
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False)
    family = models.CharField(max_length=10, choices=[(name, name) for name in kinds.FAMILIES])
    kind = models.CharField(max_length=20, choices=[(kind.slug, kind.word) for kind in kinds.ALL.values()])
    created_at = models.DateTimeField(default=timezone.now)
    # When the owner of the thing was told, or was found not to want it.
    noticed_at = models.DateTimeField(null=True)

    objects = ReactionQuerySet.as_manager()

    class Meta:
        constraints = [
            # Also the index by which a page finds what its reader said.
            models.UniqueConstraint(
                fields=["content_type", "object_id", "user", "family"], name="reaction_once_per_person_and_family"
            ),
            models.CheckConstraint(
                condition=Q(family=kinds.LIKE, kind=kinds.LIKE)
                | Q(family=kinds.VOTE, kind__in=[kinds.UP, kinds.DOWN])
                | Q(family=kinds.EMOJI, kind__in=list(kinds.SIGNS)),
                name="reaction_kind_is_of_its_family",
            ),
        ]
        indexes = [
            # Who reacted, newest first, and the first names on a page.
            models.Index(
                "content_type",
                "object_id",
                "kind",
                F("id").desc(),
                name="reaction_of_thing",
                condition=~Q(family="vote"),
            ),
            # What a person liked, newest first; and whatever goes with a person.
            models.Index("user", F("id").desc(), name="reaction_of_person"),
            # The sweep that tells owners.
            models.Index(fields=["id"], name="reaction_unnoticed", condition=Q(noticed_at=None) & ~Q(family="vote")),
        ]

    def __str__(self) -> str:
        return self.kind


class ReactionCount(models.Model):
    """One slot of a count; what is shown is the sum of a kind's slots."""

    content_type = models.ForeignKey(ContentType, models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    object_id = models.PositiveBigIntegerField()
    kind = models.CharField(max_length=20)
    slot = models.PositiveSmallIntegerField()
    count = models.IntegerField()

    class Meta:
        constraints = [
            # Also the index by which a page adds the slots up.
            models.UniqueConstraint(
                fields=["content_type", "object_id", "kind", "slot"], name="reaction_count_has_one_row_a_slot"
            ),
            models.CheckConstraint(condition=Q(count__gte=0), name="reaction_count_is_never_below_zero"),
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.count}"


class Notice(models.Model):
    """What mails about reactions a person gets: at most one a day, or none."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    muted_at = models.DateTimeField(null=True)
    # No mail before this; moved on before one is sent, so that a second worker sends no other.
    next_mail_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return "muted" if self.muted_at else "at most daily"
