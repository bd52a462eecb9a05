"""Mails, their files, and the people they go to."""

from datetime import datetime
from typing import Self

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q
from django.utils import timezone


class EmailQuerySet(models.QuerySet["Email"]):
    def due(self, now: datetime) -> Self:
        return self.filter(state=Email.State.QUEUED, next_attempt_at__lte=now)

    def abandoned(self, now: datetime) -> Self:
        """Claimed by a worker that did not come back."""
        return self.filter(state=Email.State.SENDING, lease_expires_at__lte=now)

    def late(self, now: datetime) -> Self:
        """Waiting, and of no use any more."""
        return self.filter(state__in=(Email.State.QUEUED, Email.State.HELD), expires_at__lte=now)

    def written_to(self, address: str) -> Self:
        return self.filter(recipients__address=address)


class Email(models.Model):
    """One message, as it is sent to all of its recipients."""

    class Kind(models.TextChoices):
        TRANSACTIONAL = "transactional", "transactional"
        BULK = "bulk", "bulk"

    class State(models.TextChoices):
        QUEUED = "queued", "queued"
        SENDING = "sending", "sending"
        SENT = "sent", "sent"
        FAILED = "failed", "failed"
        HELD = "held", "held: suppressed"
        CANCELLED = "cancelled", "cancelled"
        EXPIRED = "expired", "expired"

    kind = models.CharField(max_length=13, choices=Kind.choices)
    # What a person can leave; empty for mail that has to go to them.
    topic = models.CharField(max_length=40, blank=True)
    # Lower goes first, within its kind.
    priority = models.PositiveSmallIntegerField(default=5)
    key = models.CharField("idempotency key", max_length=255, null=True, unique=True)
    fingerprint = models.BinaryField(max_length=32, null=True)
    # Without its brackets.
    message_id = models.CharField("Message-ID", max_length=255, unique=True)
    sender = models.CharField(max_length=400)
    # The domain whose limits count: that of the first recipient who still waits.
    destination = models.CharField(max_length=255)
    subject = models.TextField(blank=True)
    text = models.TextField(blank=True)
    html = models.TextField("HTML", blank=True)
    # Pairs, in order, besides those that the queue writes itself.
    headers = models.JSONField(default=list)
    template = models.CharField(max_length=100, blank=True)
    variables = models.JSONField(default=dict)
    state = models.CharField(max_length=9, choices=State.choices, default=State.QUEUED)
    created_at = models.DateTimeField(default=timezone.now)
    not_before_at = models.DateTimeField("not before", null=True)
    expires_at = models.DateTimeField(null=True)
    next_attempt_at = models.DateTimeField(default=timezone.now)
    # Rises with each claim, and fences a late worker.
    attempts = models.PositiveIntegerField(default=0)
    # Claims that ended in a temporary refusal: what the ladder of delays counts.
    deferrals = models.PositiveIntegerField(default=0)
    lease_expires_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    purged_at = models.DateTimeField("content deleted at", null=True)

    objects = EmailQuerySet.as_manager()

    class Meta:
        verbose_name = "mail"
        constraints = [
            models.CheckConstraint(
                condition=Q(state="sending", lease_expires_at__isnull=False)
                | (~Q(state="sending") & Q(lease_expires_at=None)),
                name="email_leased_while_sending",
            ),
            models.CheckConstraint(
                condition=Q(state__in=("queued", "sending", "held"), finished_at=None)
                | (~Q(state__in=("queued", "sending", "held")) & Q(finished_at__isnull=False)),
                name="email_finished_when_over",
            ),
            models.CheckConstraint(condition=~Q(kind="bulk") | ~Q(topic=""), name="email_in_bulk_has_a_topic_to_leave"),
            models.CheckConstraint(condition=Q(priority__lte=9), name="email_priority_from_0_to_9"),
            models.CheckConstraint(
                condition=Q(key=None, fingerprint=None) | Q(key__isnull=False, fingerprint__isnull=False),
                name="email_key_has_a_fingerprint",
            ),
        ]
        indexes = [
            # The claim, oldest due first; and the oldest due on the Operations page.
            models.Index(fields=["kind", "priority", "next_attempt_at"], name="email_due", condition=Q(state="queued")),
            # The sweep over leases that ran out.
            models.Index(fields=["lease_expires_at"], name="email_leased", condition=Q(state="sending")),
            # The sweep over what came too late.
            models.Index(
                fields=["expires_at"],
                name="email_expiry",
                condition=Q(state__in=("queued", "held"), expires_at__isnull=False),
            ),
            # The sweep over what nothing holds any more, and the end of what was held too long.
            models.Index(fields=["id"], name="email_held", condition=Q(state="held")),
            # The purge; rows come in this order.
            BrinIndex(fields=["created_at"], name="email_age"),
        ]

    def __str__(self) -> str:
        return self.subject or "(no subject)"


class Attachment(models.Model):
    """A file that travels with a mail."""

    email = models.ForeignKey(Email, models.CASCADE, related_name="attachments")
    name = models.CharField(max_length=200)
    content_type = models.CharField(max_length=100)
    content = models.BinaryField()

    def __str__(self) -> str:
        return self.name


class EmailRecipient(models.Model):
    """One address of a mail, with a fate of its own."""

    class Place(models.TextChoices):
        TO = "to", "To"
        CC = "cc", "Cc"
        BCC = "bcc", "Bcc"

    class State(models.TextChoices):
        QUEUED = "queued", "queued"
        SENT = "sent", "sent"
        DELIVERED = "delivered", "delivered"
        BOUNCED = "bounced", "bounced"
        COMPLAINED = "complained", "complained"
        FAILED = "failed", "failed"
        SUPPRESSED = "suppressed", "suppressed"
        CANCELLED = "cancelled", "cancelled"
        EXPIRED = "expired", "expired"

        @classmethod
        def taken(cls) -> tuple[Self, ...]:
            """Whose server took the mail, whatever became of it there."""
            return (cls.SENT, cls.DELIVERED, cls.BOUNCED, cls.COMPLAINED)

    email = models.ForeignKey(Email, models.CASCADE, related_name="recipients")
    address = models.CharField(max_length=254)
    place = models.CharField(max_length=3, choices=Place.choices, default=Place.TO)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    changed_at = models.DateTimeField(default=timezone.now)
    # What the server last said, and the enhanced status code in it (RFC 3463).
    status = models.CharField(max_length=12, blank=True)
    reply = models.CharField(max_length=500, blank=True)
    # What the server called it when it took it.
    provider_id = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = "recipient"
        constraints = [
            # Also the index by which a mail finds its recipients.
            models.UniqueConstraint(fields=["email", "address"], name="recipient_once_a_mail"),
        ]
        indexes = [
            # An operator looks for a person; a removed suppression for what it held.
            models.Index(fields=["address", "email"], name="recipient_by_address"),
            # A provider tells what became of a mail.
            models.Index(fields=["provider_id"], name="recipient_by_provider_id", condition=~Q(provider_id="")),
        ]

    def __str__(self) -> str:
        return self.address
