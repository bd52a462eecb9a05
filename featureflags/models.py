"""Feature flags: what runs, for whom, who changed it and what came of it.

Invariants:

1. A decision is a pure function of the definitions, the context and the moment (`evaluation`): the same answer on
   every process, after every restart, on every device.
2. Raising a percentage only ever adds people; the buckets of two flags are independent, because each has its salt.
3. A decision makes no query and no network call, and never raises; without any definition the default that the code
   gives holds.
4. Every change is a row in `FlagChange`: who, what, when, why; any change can be undone by one more.
5. A killed flag serves `off`, never `default`.
6. Definitions change one after the other (`Stamp`), so flags that need each other never wait in a circle, and a form
   made from an older version changes nothing.
7. The stamp rises with every change: a process whose snapshot has a lower one is behind.
"""

from datetime import datetime, timedelta
from typing import Any, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import BooleanField, F, Func, Q
from django.utils import timezone

from featureflags.evaluation import consistency, definitions

DEFINED_BY = ("key", "type", "variants", "off", "default", "salt", "requires", "rules")
TOLD_BY = ("description", "owner", "tags", "ends_on", "permanent")


class Stamp(models.Model):
    """The one row that every change of a definition locks and counts up."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    version = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="stamp_is_one_row")]

    def __str__(self) -> str:
        return str(self.version)


class FlagQuerySet(models.QuerySet["Flag"]):
    def active(self) -> Self:
        """Flags that are evaluated; a killed one serves `off`."""
        return self.filter(archived_at=None)

    def archived(self) -> Self:
        return self.exclude(archived_at=None)

    def killed(self) -> Self:
        return self.active().exclude(killed_at=None)

    def named(self, key: str) -> Self:
        """The flag of that key; nothing for what cannot be a key."""
        return self.filter(key=key) if definitions.KEY.fullmatch(key) else self.none()

    def overdue(self) -> Self:
        """Flags that were expected to be gone by now."""
        return self.active().filter(ends_on__lt=timezone.localdate())


class Flag(models.Model):
    class Type(models.TextChoices):
        BOOLEAN = "boolean", "yes or no"
        STRING = "string", "text"
        NUMBER = "number", "number"
        JSON = "json", "JSON"

    key = models.CharField(max_length=80, unique=True)
    type = models.CharField(max_length=10, choices=Type.choices, default=Type.BOOLEAN)
    variants = models.JSONField()
    # What a killed flag serves, apart from what one serves to whom no rule takes.
    off = models.CharField(max_length=80)
    default = models.CharField(max_length=80)
    # What buckets are made with; another one deals everybody anew.
    salt = models.CharField(max_length=80)
    requires = models.JSONField(default=dict)
    rules = models.JSONField(default=list)
    description = models.CharField(max_length=400, blank=True)
    owner = models.CharField(max_length=80, blank=True, help_text="Whom to ask.")
    tags = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    ends_on = models.DateField(null=True, blank=True)
    # A switch for operators, which stays: being fully rolled out does not make it stale.
    permanent = models.BooleanField(default=False)
    killed_at = models.DateTimeField(null=True)
    archived_at = models.DateTimeField(null=True)
    # Rises with each change: what a form has to have seen.
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(default=timezone.now)
    changed_at = models.DateTimeField(default=timezone.now)
    # As of the last batch of counts.
    evaluated_at = models.DateTimeField(null=True)

    objects = FlagQuerySet.as_manager()

    class Meta:
        permissions = [("kill_flag", "Can kill and restore a flag")]
        constraints = [
            models.CheckConstraint(condition=Q(key__regex=r"^[a-z][a-z0-9_.-]*$"), name="flag_key_is_plain"),
            models.CheckConstraint(condition=Q(type__in=definitions.TYPES), name="flag_type_exists"),
            models.CheckConstraint(
                condition=Func(F("variants"), F("off"), function="jsonb_exists", output_field=BooleanField()),
                name="flag_off_is_a_variant",
            ),
            models.CheckConstraint(
                condition=Func(F("variants"), F("default"), function="jsonb_exists", output_field=BooleanField()),
                name="flag_default_is_a_variant",
            ),
        ]

    def __str__(self) -> str:
        return self.key

    @property
    def plain(self) -> dict[str, Any]:
        """The definition as the engine takes it."""
        return {name: getattr(self, name) for name in DEFINED_BY}

    @property
    def state(self) -> dict[str, Any]:
        """All that a change may change and an undo brings back."""
        told = {name: getattr(self, name) for name in TOLD_BY}
        told["ends_on"] = self.ends_on.isoformat() if self.ends_on else None
        return self.plain | told | {"killed": self.killed_at is not None, "archived": self.archived_at is not None}

    @property
    def is_fully_rolled_out(self) -> bool:
        """Whether everybody gets the same variant, so that the code could simply have it."""
        if self.killed_at or self.requires:
            return False
        first = self.rules[0] if self.rules else None
        return first is None or (consistency.takes_everybody(first) and "serve" in first)

    def staleness(self, now: datetime | None = None) -> str:
        """Return why this flag should go, or "" when it should not."""
        if self.archived_at:
            return ""
        old = (now or timezone.now()) - timedelta(days=settings.FLAG_STALE_DAYS)
        if (self.evaluated_at or self.created_at) < old:
            return f"nobody asked for it in {settings.FLAG_STALE_DAYS} days"
        if not self.permanent and self.is_fully_rolled_out and self.changed_at < old:
            return f"everybody has had the same for {settings.FLAG_STALE_DAYS} days"
        return ""


class Segment(models.Model):
    """People and conditions under one name, for the rules of many flags."""

    key = models.CharField(max_length=80, unique=True)
    description = models.CharField(max_length=400, blank=True)
    people = models.JSONField(default=list)
    conditions = models.JSONField(default=list)
    version = models.PositiveIntegerField(default=1)
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(key__regex=r"^[a-z][a-z0-9_.-]*$"), name="segment_key_is_plain"),
        ]

    def __str__(self) -> str:
        return self.key

    @property
    def plain(self) -> dict[str, Any]:
        return {"key": self.key, "people": self.people, "conditions": self.conditions}

    @property
    def state(self) -> dict[str, Any]:
        return self.plain | {"description": self.description}


class FlagChange(models.Model):
    """One change of a flag or of a segment; a ledger: rows are never changed."""

    class Act(models.TextChoices):
        CREATED = "created", "created"
        CHANGED = "changed", "changed"
        KILLED = "killed", "killed"
        RESTORED = "restored", "restored"
        ROLLED_OUT = "rolled_out", "rolled out"
        ARCHIVED = "archived", "archived"
        REVIVED = "revived", "taken back from the archive"
        IMPORTED = "imported", "imported"
        UNDONE = "undone", "undone"

    flag = models.ForeignKey(Flag, models.CASCADE, null=True, related_name="changes")
    segment = models.ForeignKey(Segment, models.CASCADE, null=True, related_name="changes")
    act = models.CharField(max_length=12, choices=Act.choices)
    before = models.JSONField(null=True)
    after = models.JSONField()
    # What differs, as sentences.
    diff = ArrayField(models.TextField())
    why = models.CharField(max_length=300)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    undoes = models.ForeignKey("self", models.SET_NULL, null=True, related_name="+")

    class Meta:
        indexes = [
            # The history of a flag.
            models.Index("flag", F("id").desc(), name="flag_change_of_flag"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(flag__isnull=True, segment__isnull=False) | Q(flag__isnull=False, segment__isnull=True),
                name="flag_change_is_about_one_thing",
            ),
            models.CheckConstraint(condition=~Q(why=""), name="flag_change_says_why"),
        ]

    def __str__(self) -> str:
        return f"{self.get_act_display()} at {self.at:%Y-%m-%d %H:%M}"


class EvaluationCount(models.Model):
    """How often a flag served a variant in one hour."""

    flag = models.ForeignKey(Flag, models.CASCADE, related_name="counts")
    # Empty: the default that the code gave.
    variant = models.CharField(max_length=80, blank=True)
    # The beginning of the hour.
    at = models.DateTimeField()
    count = models.PositiveBigIntegerField()

    class Meta:
        constraints = [
            # Also the index behind the charts.
            models.UniqueConstraint(fields=["flag", "at", "variant"], name="evaluation_count_is_one_row_an_hour"),
        ]

    def __str__(self) -> str:
        return f"{self.variant or 'default'}: {self.count}"


class Exposure(models.Model):
    """A sample of who got what, and why."""

    flag = models.ForeignKey(Flag, models.CASCADE, related_name="exposures")
    variant = models.CharField(max_length=80, blank=True)
    # Whom the context named: a person's id, or what an integrator called them.
    person = models.CharField(max_length=200, blank=True)
    reason = models.CharField(max_length=40)
    # Counts from 0; -1 for no rule.
    rule = models.SmallIntegerField()
    at = models.DateTimeField()

    class Meta:
        indexes = [
            # The newest on a flag's page.
            models.Index("flag", F("id").desc(), name="exposure_of_flag"),
            # Clearing the old ones.
            models.Index(fields=["at"], name="exposure_age"),
        ]

    def __str__(self) -> str:
        return f"{self.person or 'somebody'} got {self.variant or 'the default'}"


class CountBatch(models.Model):
    """A batch of counts that was taken over from Redis: what keeps it from being added twice."""

    id = models.UUIDField(primary_key=True)
    at = models.DateTimeField(default=timezone.now, db_index=True)

    def __str__(self) -> str:
        return str(self.id)
