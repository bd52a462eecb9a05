"""What was asked for, once: the record behind each idempotency key.

Invariants:

1. A key belongs to its caller, method and route; nobody is ever served another's answer.
2. For one key at most one execution has effects, also when its worker dies anywhere or is merely slow: a lease
   carries a fencing number, and a holder whose number is not the record's cannot commit anything.
3. The record says that there was an effect in the same transaction as the rows of that effect.
4. No key is stuck: what was abandoned is finished or released within the lease and one sweep. A procedure that fails
   each time is tried ever more rarely, and given up where operators see it; they or the client can try it again.
"""

from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

STARTED = "started"
FINISHED = "finished"


class RecordQuerySet(models.QuerySet["Record"]):
    def running(self) -> Self:
        return self.filter(completed_at=None)

    def abandoned(self, now: datetime) -> Self:
        """Rows that nobody works on any more and nobody has finished."""
        return self.running().filter(lease_expires_at__lte=now)

    def resumable(self, now: datetime) -> Self:
        """Abandoned procedures that the completer has not given up."""
        return self.abandoned(now).exclude(procedure="").filter(failed_at=None)

    def due(self, now: datetime) -> Self:
        """Procedures that the completer takes over: those that failed lately rest for a while."""
        return self.resumable(now).filter(Q(next_attempt_at=None) | Q(next_attempt_at__lte=now))

    def expired(self, now: datetime) -> Self:
        """Rows whose time is over; a running one is never among them, the completer comes first."""
        return self.filter(expires_at__lte=now, completed_at__isnull=False)


class Record(models.Model):
    class Answer(models.TextChoices):
        NONE = "", "none yet"
        KEPT = "kept", "kept"
        WITHHELD = "withheld", "not kept: secret, or too large"
        LOST = "lost", "lost: the worker ended first"

    key = models.CharField(max_length=255)
    # "user:7", "browser:" and a digest, "task", "webhook:" and its source, "procedure".
    caller = models.CharField(max_length=100)
    method = models.CharField(max_length=10)
    route = models.CharField(max_length=300)
    fingerprint = models.BinaryField(max_length=32)
    # Rises whenever somebody else takes the work over.
    fence = models.PositiveIntegerField(default=1)
    lease_expires_at = models.DateTimeField()
    # Of a procedure: its name, the point from which it goes on, and what its steps have to know.
    procedure = models.CharField(max_length=100, blank=True)
    recovery_point = models.CharField(max_length=40, default=STARTED)
    state = models.JSONField(default=dict)
    # How often the completer took a procedure over, when it may again, and when it gave up.
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    effect_at = models.DateTimeField(null=True)
    completed_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField()
    answer = models.CharField(max_length=10, choices=Answer.choices, blank=True)
    status = models.PositiveSmallIntegerField(null=True)
    headers = models.JSONField(default=dict)
    body = models.BinaryField(null=True)
    messages = models.JSONField(default=list)
    # [moment, what happened, fence] each, appended by the statement that made it true.
    timeline = models.JSONField(default=list)

    objects = RecordQuerySet.as_manager()

    class Meta:
        verbose_name = "idempotency key"
        constraints = [
            # Also the index by which a request finds its record, and an operator a key.
            models.UniqueConstraint(
                fields=["key", "caller", "method", "route"], name="idempotency_key_belongs_to_its_caller"
            ),
            models.CheckConstraint(condition=Q(key__regex=r"^[!-~]{1,255}$"), name="idempotency_key_is_visible_ascii"),
            models.CheckConstraint(
                condition=Q(completed_at=None, answer="") | (Q(completed_at__isnull=False) & ~Q(answer="")),
                name="idempotency_answered_when_completed",
            ),
            models.CheckConstraint(
                condition=~Q(answer="kept") | Q(status__isnull=False), name="idempotency_kept_answer_has_a_status"
            ),
            models.CheckConstraint(
                condition=Q(answer="kept") | Q(body=None), name="idempotency_only_kept_answers_have_a_body"
            ),
            models.CheckConstraint(condition=Q(fence__gte=1), name="idempotency_fence_counts_from_one"),
            models.CheckConstraint(
                condition=Q(failed_at=None) | (Q(completed_at=None) & ~Q(procedure="")),
                name="idempotency_given_up_is_an_unfinished_procedure",
            ),
        ]
        indexes = [
            # The completer and the Operations page.
            models.Index(
                fields=["lease_expires_at"], name="idempotency_running", condition=Q(completed_at__isnull=True)
            ),
            # The reaper.
            models.Index(fields=["expires_at"], name="idempotency_expiry", condition=Q(completed_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.key

    @property
    def resumes(self) -> bool:
        """Whether somebody else can go on where the last holder stopped."""
        return bool(self.procedure)


class Intervention(models.Model):
    """What an operator did to a key; a ledger: rows are never changed, and outlive the key."""

    class Kind(models.TextChoices):
        FINISH = "finish", "Finished by hand"
        EXPIRE = "expire", "Expired by hand"
        RETRY = "retry", "To be tried again"

    kind = models.CharField(max_length=10, choices=Kind.choices)
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    reason = models.CharField(max_length=200)
    record_id = models.BigIntegerField()
    key = models.CharField(max_length=255)
    caller = models.CharField(max_length=100)
    route = models.CharField(max_length=300)

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(reason=""), name="idempotency_intervention_has_a_reason")]
        indexes = [models.Index(F("record_id"), name="idempotency_interventions")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.key}"
