"""What was reported, and what moderators did."""

from datetime import datetime
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from comments.models.comments import Comment
from comments.models.discussions import VERDICT_MAX, Discussion
from comments.models.threads import Thread

APPEAL_MAX = 1000


class ReportQuerySet(models.QuerySet["Report"]):
    def open(self) -> Self:
        return self.filter(settled_at=None)

    def waiting(self) -> Self:
        """Keep what a moderator can do something about: not what its author deleted meanwhile."""
        stands = (Q(**{name: None}) | ~Q(**{f"{name}__state": "deleted"}) for name in ("comment", "discussion"))
        return self.open().filter(*stands)


class Report(models.Model):
    """Somebody says that a comment or a discussion does not belong here; settled by the next act on it."""

    class Reason(models.TextChoices):
        RUDE = "rude", "It is rude"
        SPAM = "spam", "It is advertising"
        TOPIC = "topic", "It is off the topic"
        UNSAFE = "unsafe", "It is dangerous or against the law"
        OTHER = "other", "Something else"

    comment = models.ForeignKey(Comment, models.CASCADE, null=True, related_name="+", db_index=False)
    discussion = models.ForeignKey(Discussion, models.CASCADE, null=True, related_name="+", db_index=False)
    reporter = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    reason = models.CharField(max_length=10, choices=Reason.choices)
    note = models.CharField(max_length=VERDICT_MAX, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    settled_at = models.DateTimeField(null=True)

    objects = ReportQuerySet.as_manager()

    class Meta:
        constraints = [
            # Also the index by which the queue gathers the reports of a comment.
            models.UniqueConstraint(
                fields=["comment", "reporter"], condition=Q(settled_at=None), name="report_once_per_person"
            ),
            models.UniqueConstraint(
                fields=["discussion", "reporter"],
                condition=Q(settled_at=None),
                name="report_of_discussion_once_per_person",
            ),
            models.CheckConstraint(
                condition=Q(discussion=None, comment__isnull=False) | Q(discussion__isnull=False, comment=None),
                name="report_is_about_one_thing",
            ),
        ]
        indexes = [
            # The queue, oldest first.
            models.Index(fields=["comment", "id"], name="report_open", condition=Q(settled_at=None)),
        ]

    def __str__(self) -> str:
        return self.reason


class ActQuerySet(models.QuerySet["Act"]):
    def public(self) -> Self:
        """Keep what was done to things that everybody reads, and not what was done to people."""
        return self.exclude(kind__in=Act.OF_PEOPLE)


class Act(models.Model):
    """What a moderator did, and why; a ledger. Without a comment it was done to the thing that the thread is about."""

    class Kind(models.TextChoices):
        HIDE = "hide", "hid"
        REMOVE = "remove", "removed"
        RESTORE = "restore", "restored"
        KEEP = "keep", "kept"
        LOCK = "lock", "locked the thread"
        UNLOCK = "unlock", "unlocked the thread"
        BEFORE = "before", "looks at each comment of the thread before others do"
        AFTER = "after", "lets comments stand in the thread at once"
        PIN = "pin", "pinned the discussion"
        UNPIN = "unpin", "unpinned the discussion"
        WARN = "warn", "warned the author"
        MUTE = "mute", "muted the author"
        UNMUTE = "unmute", "let the author write again"
        LIMIT = "limit", "limited the author"
        UNLIMIT = "unlimit", "ended the limit of the author"

    APPEALABLE = (Kind.HIDE, Kind.REMOVE, Kind.WARN, Kind.MUTE)
    # Whom these are about does not learn of them.
    UNTOLD = (Kind.LIMIT, Kind.UNLIMIT)
    OF_PEOPLE = (Kind.KEEP, Kind.WARN, Kind.MUTE, Kind.UNMUTE, *UNTOLD)

    # As the services add them: for whom it was about, and the thing that it is about when that is no comment.
    appeal: "Appeal | None" = None
    may_appeal: bool = False
    about: Any = None

    thread = models.ForeignKey(Thread, models.CASCADE, related_name="+")
    comment = models.ForeignKey(Comment, models.CASCADE, null=True, related_name="+")
    # Whom it was about, and who may appeal.
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    reason = models.CharField(max_length=VERDICT_MAX)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    objects = ActQuerySet.as_manager()

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(reason=""), name="act_says_why")]

    def __str__(self) -> str:
        return self.kind


class CurbQuerySet(models.QuerySet["Curb"]):
    def standing(self, now: datetime) -> Self:
        return self.filter(until_at__gt=now)


class Curb(models.Model):
    """What holds a person back until a moment; the latest act of its kind counts."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", primary_key=True)
    until_at = models.DateTimeField()
    reason = models.CharField(max_length=VERDICT_MAX)
    act = models.ForeignKey(Act, models.CASCADE, related_name="+")

    objects = CurbQuerySet.as_manager()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} of {self.user_id}"


class Mute(Curb):
    """Until when a person may say nothing."""


class Limit(Curb):
    """Until when a moderator lets pass what a person says before others see it; that person is not told."""


class AppealQuerySet(models.QuerySet["Appeal"]):
    def open(self) -> Self:
        return self.filter(decided_at=None)


class Appeal(models.Model):
    """Whom an act was about asks another moderator to look again; once."""

    act = models.OneToOneField(Act, models.CASCADE, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    text = models.CharField(max_length=APPEAL_MAX)
    created_at = models.DateTimeField(default=timezone.now)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    granted = models.BooleanField(null=True)
    answer = models.CharField(max_length=VERDICT_MAX, blank=True)

    objects = AppealQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(text=""), name="appeal_says_why"),
            models.CheckConstraint(
                condition=Q(decided_at=None, granted=None, answer="")
                | Q(decided_at__isnull=False, granted__isnull=False) & ~Q(answer=""),
                name="appeal_decision_is_whole",
            ),
        ]
        indexes = [
            # The queue, oldest first.
            models.Index(fields=["id"], name="appeal_open", condition=Q(decided_at=None)),
        ]

    def __str__(self) -> str:
        return f"appeal {self.pk}"
