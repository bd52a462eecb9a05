"""The security log, and the passwords that were tried."""

from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from sessions_app import clients
from sessions_app.models.people import User


class SecurityEventQuerySet(models.QuerySet["SecurityEvent"]):
    def visible_to(self, user: User) -> Self:
        return self.filter(user=user)

    def failed_sign_ins(self, *, since: datetime) -> Self:
        return self.filter(kind=SecurityEvent.Kind.SIGN_IN_FAILED, at__gte=since)


class SecurityEvent(models.Model):
    """One line of a person's security log; a ledger: rows are never changed."""

    class Kind(models.TextChoices):
        SIGNED_UP = "signed_up", "Signed up"
        SIGNED_IN = "signed_in", "Signed in"
        SIGN_IN_FAILED = "sign_in_failed", "Sign-in failed"
        REAUTHENTICATED = "reauthenticated", "Confirmed it was you"
        SIGNED_OUT = "signed_out", "Signed out"
        NEW_DEVICE = "new_device", "Signed in on a new device"
        DISOWNED = "disowned", "Said that it was not you"
        SESSION_ENDED = "session_ended", "Session ended"
        SESSIONS_ENDED = "sessions_ended", "Sessions ended"
        PASSWORD_CHANGED = "password_changed", "Password changed"
        EMAIL_CONFIRMED = "email_confirmed", "Mail address confirmed"
        EMAIL_CHANGED = "email_changed", "Mail address changed"
        MFA_CHANGED = "mfa_changed", "Second factor changed"
        TOKEN_CREATED = "token_created", "API token created"
        TOKEN_REVOKED = "token_revoked", "API token revoked"
        DEACTIVATED = "deactivated", "Account closed"
        REACTIVATED = "reactivated", "Account opened again"
        PRIVILEGES_CHANGED = "privileges_changed", "Rights changed"

    # Null when the address that was tried belongs to nobody.
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="security_events")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    address = models.GenericIPAddressField(null=True)
    user_agent = models.CharField(max_length=400, blank=True)
    # SHA-256 of what the line is about and must not be kept: the lower-cased mail address that was tried, or the link
    # by which a session was disowned.
    subject_hash = models.BinaryField(max_length=32, null=True)
    note = models.CharField(max_length=200, blank=True)

    objects = SecurityEventQuerySet.as_manager()

    class Meta:
        indexes = [
            # The security log page.
            models.Index("user", F("id").desc(), name="security_event_of_user"),
            # The Operations page: how many failed, and how many came in.
            models.Index(fields=["at"], name="security_failure_at", condition=Q(kind="sign_in_failed")),
            models.Index(fields=["at"], name="security_sign_in_at", condition=Q(kind="signed_in")),
        ]
        constraints = [
            # Also the index by which a link is found to have been followed.
            models.UniqueConstraint(
                fields=["subject_hash"], name="security_link_disowns_once", condition=Q(kind="disowned")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} at {self.at:%Y-%m-%d %H:%M}"

    @property
    def label(self) -> str:
        return clients.label(self.user_agent)

    @property
    def place(self) -> str:
        return clients.place(self.address)


class SignInAttemptQuerySet(models.QuerySet["SignInAttempt"]):
    def since(self, moment: datetime) -> Self:
        return self.filter(at__gt=moment)


class SignInAttempt(models.Model):
    """A password that was tried and has not been found right: written before it is looked at, taken back after."""

    # SHA-256 of the lower-cased mail address: tries are counted without keeping strangers' addresses.
    subject_hash = models.BinaryField(max_length=32)
    address = models.GenericIPAddressField(null=True)
    at = models.DateTimeField(default=timezone.now)

    objects = SignInAttemptQuerySet.as_manager()

    class Meta:
        indexes = [
            # The limits: by mail address, and by network address.
            models.Index(fields=["subject_hash", "at"], name="sign_in_attempt_subject"),
            models.Index(fields=["address", "at"], name="sign_in_attempt_address"),
            # Clearing.
            models.Index(fields=["at"], name="sign_in_attempt_at"),
        ]

    def __str__(self) -> str:
        return f"{self.address} at {self.at:%Y-%m-%d %H:%M}"
