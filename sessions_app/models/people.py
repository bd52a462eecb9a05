"""Who may sign in."""

from datetime import datetime
from typing import Any, ClassVar, Self

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone


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
