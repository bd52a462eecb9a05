"""Who is here: people, the sessions that they left behind, their devices, tokens and security log.

Invariants:

1. A session is known by a random 256-bit token; only its SHA-256 is stored, in Postgres and in Redis.
2. A session that was revoked, expired, or whose person was deactivated or changed password is refused by the
   very next request on every process, also when Redis lost the delete, and also when another request was
   filling the cache at that moment.
3. Two requests that change different keys of one session at once both keep their change.
4. Losing Redis costs time, never a session and never a 500.
5. A person has at most `SESSION_MAX_PER_PERSON` active sessions.
6. An API token is shown once; only its SHA-256 is stored.
"""

import hashlib
from datetime import datetime
from typing import Any, ClassVar, Self

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.db import connection, models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone

from sessions_app import clients


def token_hash(token: str) -> bytes:
    """Return the SHA-256 digest under which a token is stored (32 bytes)."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


class UserQuerySet(models.QuerySet["User"]):
    def active(self) -> Self:
        return self.filter(is_active=True)

    def behind_session(self, *, user_id: int, session_hash: bytes, now: datetime) -> "User | None":
        """Return the active person if that session of theirs is alive, with `session_version`; else None.

        Written as SQL because every signed-in request runs it: building the same join takes longer than running it.
        """
        rows = self.raw(
            """
            SELECT u.*, s.version AS session_version
            FROM sessions_app_user u JOIN sessions_app_session s ON s.user_id = u.id
            WHERE u.id = %s AND u.is_active
              AND s.token_hash = %s AND s.revoked_at IS NULL AND s.idle_expires_at > %s
            """,
            [user_id, session_hash, now],
        )
        return next(iter(rows), None)


class UserManager(BaseUserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]
    use_in_migrations = True

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user: User = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    # Set by `behind_session` alone.
    session_version: int

    email = models.EmailField("e-mail address", max_length=254)
    display_name = models.CharField("name", max_length=80)
    time_zone = models.CharField(max_length=64, blank=True, help_text="Empty: the zone of the browser.")
    is_active = models.BooleanField("active", default=True, help_text="Off: may not sign in.")
    is_staff = models.BooleanField("operator", default=False, help_text="May enter the admin.")
    joined_at = models.DateTimeField(default=timezone.now, editable=False)
    # Counts changes of groups and permissions, so that each session notices one at its next request.
    privilege_version = models.PositiveIntegerField(default=0, editable=False)
    # Counts changes of what sessions carry about their person, so that each reads it again at its next request.
    profile_version = models.PositiveIntegerField(default=0, editable=False)

    objects = UserManager()

    EMAIL_FIELD = "email"
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["display_name"]

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_is_unique_in_any_case")]

    def __str__(self) -> str:
        return self.display_name or self.email

    @property
    def initials(self) -> str:
        words = self.display_name.split() or [self.email]
        return (words[0][:1] + (words[-1][:1] if len(words) > 1 else words[0][1:2])).upper()

    @property
    def privileges(self) -> str:
        """What a session must have been opened with; a difference renews its token and its limits."""
        return f"{self.is_staff:d}{self.is_superuser:d}.{self.privilege_version}"

    def get_full_name(self) -> str:
        return self.display_name

    def get_short_name(self) -> str:
        return self.display_name.split(" ")[0] if self.display_name else self.email


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
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        return clients.label(self.user_agent)

    @property
    def place(self) -> str:
        return clients.place(self.address)


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


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def active(self, now: datetime | None = None) -> Self:
        return self.filter(revoked_at=None).filter(Q(expires_at=None) | Q(expires_at__gt=now or timezone.now()))

    def visible_to(self, user: User) -> Self:
        return self.filter(user=user)


class ApiToken(models.Model):
    class Scope(models.TextChoices):
        READ = "read", "Read what I can read"
        WRITE = "write", "Change what I can change"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=80)
    token_hash = models.BinaryField(max_length=32, unique=True)
    # The first characters, so that a person can tell which token this is.
    hint = models.CharField(max_length=12)
    scopes = ArrayField(models.CharField(max_length=20, choices=Scope.choices), default=list)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        indexes = [
            # The tokens page.
            models.Index("user", F("id").desc(), name="api_token_of_user", condition=Q(revoked_at=None)),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(scopes__contained_by=["read", "write"]) & ~Q(scopes=[]),
                name="api_token_has_known_scopes",
            )
        ]

    def __str__(self) -> str:
        return self.name
