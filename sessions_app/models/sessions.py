"""Browsers and the sessions that they hold."""

from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import connection, models
from django.db.models import F, Q
from django.utils import timezone

from sessions_app import clients
from sessions_app.models.people import User


class Device(models.Model):
    """One browser of one person, known by a cookie of its own that survives sign-out."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="devices")
    token_hash = models.BinaryField(max_length=32)
    user_agent = models.CharField(max_length=400, blank=True)
    first_seen_at = models.DateTimeField(default=timezone.now)
    last_seen_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            # Also the index by which a sign-in finds its device.
            models.UniqueConstraint(fields=["user", "token_hash"], name="device_is_known_once_to_a_person"),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        return clients.label(self.user_agent)


class SessionQuerySet(models.QuerySet["Session"]):
    def active(self, now: datetime | None = None) -> Self:
        return self.filter(revoked_at=None, idle_expires_at__gt=now or timezone.now())

    def renewed_from(self, digest: bytes, *, since: datetime) -> Self:
        """The session that had this token until a moment ago, and has a newer one."""
        return self.active().filter(renewed_from_hash=digest, renewed_at__gte=since)

    def expired(self, now: datetime | None = None) -> Self:
        """Rows that no request can use again: past their limit, or revoked."""
        return self.filter(Q(idle_expires_at__lte=now or timezone.now()) | Q(revoked_at__isnull=False))

    def delete_expired(self, *, now: datetime, limit: int) -> int:
        """Delete so many of the expired rows at most, past those that somebody holds; return how many.

        Written as SQL because carrying the keys of a batch back and forth takes six times as long. An array, because
        a sub-select with LIMIT under FOR UPDATE is planned anew for each row.
        """
        with connection.cursor() as cursor:
            cursor.execute(
                """
                DELETE FROM sessions_app_session WHERE id = ANY(ARRAY(
                    SELECT id FROM sessions_app_session WHERE idle_expires_at <= %s OR revoked_at IS NOT NULL
                    LIMIT %s FOR UPDATE SKIP LOCKED
                ))
                """,
                [now, limit],
            )
            return cursor.rowcount

    def visible_to(self, user: User) -> Self:
        return self.filter(user=user)

    def newest_first(self) -> Self:
        return self.order_by("-created_at", "-pk")


class Session(models.Model):
    class Reason(models.TextChoices):
        PERSON = "person", "ended on the devices page"
        OPERATOR = "operator", "ended by an operator"
        NOT_ME = "not_me", "reported as not theirs"
        LIMIT = "limit", "the oldest of too many"
        PASSWORD = "password", "the password changed"
        EMAIL = "email", "the mail address changed"
        MFA = "mfa", "the second factor changed"
        DEACTIVATED = "deactivated", "the account was closed"

    token_hash = models.BinaryField(max_length=32, unique=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="sessions")
    device = models.ForeignKey(Device, models.SET_NULL, null=True, related_name="sessions")
    # The token before this one, and until when it was that: opens nothing, but tells that the browser has a newer one.
    renewed_from_hash = models.BinaryField(max_length=32, null=True)
    renewed_at = models.DateTimeField(null=True)
    # With the token before, it makes the one that stands.
    renewal_seed = models.BinaryField(max_length=32, null=True)
    data = models.TextField(blank=True)
    # Rises with each saved change: the fence against a lost update and a stale cache.
    version = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    last_seen_at = models.DateTimeField(default=timezone.now)
    idle_expires_at = models.DateTimeField()
    absolute_expires_at = models.DateTimeField()
    remembered = models.BooleanField(default=False)
    address = models.GenericIPAddressField(null=True)
    user_agent = models.CharField(max_length=400, blank=True)
    authenticated_at = models.DateTimeField(null=True)
    authenticated_by = models.CharField(max_length=40, blank=True)
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    revoked_because = models.CharField(max_length=20, choices=Reason.choices, blank=True)

    objects = SessionQuerySet.as_manager()

    class Meta:
        indexes = [
            # The devices page, the limit of sessions a person, "end all".
            models.Index(
                "user",
                F("created_at").desc(),
                name="session_active_of_user",
                condition=Q(revoked_at=None, user__isnull=False),
            ),
            # Requests that were on their way when the token was renewed.
            models.Index(
                fields=["renewed_from_hash"], name="session_renewed_from", condition=Q(renewed_from_hash__isnull=False)
            ),
            # clearsessions.
            models.Index(fields=["idle_expires_at"], name="session_idle_expiry"),
            models.Index(fields=["revoked_at"], name="session_revoked", condition=Q(revoked_at__isnull=False)),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(idle_expires_at__lte=F("absolute_expires_at")),
                name="session_idle_limit_within_absolute",
            ),
            models.CheckConstraint(
                condition=Q(revoked_at=None, revoked_because="")
                | (Q(revoked_at__isnull=False) & ~Q(revoked_because="")),
                name="session_revoked_with_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(renewed_from_hash=None, renewed_at=None)
                | Q(renewed_from_hash__isnull=False, renewed_at__isnull=False),
                name="session_renewed_from_a_token_at_a_moment",
            ),
            models.CheckConstraint(
                condition=Q(renewal_seed=None) | Q(renewed_from_hash__isnull=False),
                name="session_seed_belongs_to_a_renewal",
            ),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        return clients.label(self.user_agent)

    @property
    def place(self) -> str:
        return clients.place(self.address)
