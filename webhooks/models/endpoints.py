"""Endpoints, their secrets, and what was said and done about them."""

from datetime import datetime
from typing import Any, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from webhooks import ladder, limits
from webhooks.addresses import URL_MAX
from webhooks.models.events import Event


def standard_ladder() -> list[int]:
    return list(ladder.STANDARD)


class EndpointQuerySet(models.QuerySet["Endpoint"]):
    def present(self) -> Self:
        return self.filter(removed_at=None)

    def visible_to(self, user: Any) -> Self:
        return self.present().filter(owner=user)

    def reached_by(self, event: Event) -> Self:
        """The endpoints that are to be told of an event: who may know of it, and asked for its type."""
        if event.only_for is not None:
            return self.present().filter(pk=event.only_for)
        mine = Q(scope=Endpoint.Scope.OWN, owner__in=event.about)
        hall = Q(scope=Endpoint.Scope.HALL, owner__is_staff=True)
        noun = event.type.rpartition(".")[0]
        wanted = Q(filters=[]) | Q(filters__overlap=[event.type, f"{noun}.*"])
        return self.present().exclude(state=Endpoint.State.DISABLED).filter(mine | hall, wanted, owner__is_active=True)


class Endpoint(models.Model):
    """A URL of an integrator's, what it wants to hear, and how it fares."""

    class State(models.TextChoices):
        ENABLED = "enabled", "enabled"
        PAUSED = "paused", "paused"
        DISABLED = "disabled", "disabled"

    class Scope(models.TextChoices):
        OWN = "own", "What is about me"
        HALL = "hall", "Everything in the hall"

    class Because(models.TextChoices):
        NONE = "", ""
        OWNER = "owner", "by its owner"
        OPERATOR = "operator", "by an operator"
        GONE = "gone", "the receiver answered 410 Gone"
        FAILING = "failing", "it failed for five days"

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    url = models.CharField(max_length=URL_MAX)
    description = models.CharField(max_length=limits.DESCRIPTION_MAX, blank=True)
    scope = models.CharField(max_length=4, choices=Scope.choices, default=Scope.OWN)
    # Types such as "flag.changed", nouns such as "flag.*"; none: everything.
    filters = ArrayField(models.CharField(max_length=80), default=list)
    # A JSON object, encrypted: what is in it may be a password.
    sealed_headers = models.TextField(blank=True)
    ladder = ArrayField(models.PositiveIntegerField(), default=standard_ladder)
    concurrency = models.PositiveSmallIntegerField(default=limits.CONCURRENCY)
    # Deliveries a minute; None: as many as there are.
    per_minute = models.PositiveIntegerField(null=True)
    ordered = models.BooleanField(default=False)
    # Also signs with ed25519.
    asymmetric = models.BooleanField(default=False)
    state = models.CharField(max_length=8, choices=State.choices, default=State.ENABLED)
    state_because = models.CharField(max_length=8, choices=Because.choices, blank=True)
    state_changed_at = models.DateTimeField(default=timezone.now)
    created_at = models.DateTimeField(default=timezone.now)
    # Rises with each change that a person makes: what a form was made from.
    version = models.PositiveIntegerField(default=1)
    removed_at = models.DateTimeField(null=True)
    # How it fares; written by the deliverer alone.
    failures = models.PositiveIntegerField(default=0)
    failing_since_at = models.DateTimeField(null=True)
    warned_at = models.DateTimeField(null=True)
    # The breaker: how often it opened in a row, and until when nothing is sent. After that one probe goes.
    trips = models.PositiveSmallIntegerField(default=0)
    rests_until_at = models.DateTimeField(null=True)
    # The rate limit's whole state: when its bucket is full again (GCRA).
    full_at = models.DateTimeField(null=True)

    objects = EndpointQuerySet.as_manager()

    class Meta:
        permissions = [("operate_endpoint", "Can resend, pause and disable anybody's endpoints")]
        constraints = [
            models.CheckConstraint(
                condition=Q(concurrency__gte=1, concurrency__lte=limits.CONCURRENCY_MAX),
                name="webhook_concurrency_is_bounded",
            ),
            models.CheckConstraint(
                condition=Q(per_minute=None) | Q(per_minute__gte=1, per_minute__lte=limits.RATE_MAX),
                name="webhook_rate_is_bounded",
            ),
            models.CheckConstraint(
                condition=Q(ladder__len__gte=1, ladder__len__lte=ladder.RUNGS_MAX), name="webhook_ladder_is_bounded"
            ),
            models.CheckConstraint(
                condition=Q(filters__len__lte=limits.FILTERS_MAX), name="webhook_filters_are_bounded"
            ),
            models.CheckConstraint(
                condition=~Q(state="disabled") | ~Q(state_because=""), name="webhook_disabled_with_a_reason"
            ),
            models.CheckConstraint(condition=Q(url__regex="^https?://"), name="webhook_url_is_http"),
        ]
        indexes = [
            # Publishing: whose endpoints hear of what is about a person; also the endpoints page.
            models.Index(fields=["owner"], name="webhook_endpoint_of_owner", condition=Q(removed_at=None)),
            # Publishing: who hears everything.
            models.Index(fields=["scope"], name="webhook_endpoint_of_hall", condition=Q(removed_at=None, scope="hall")),
        ]

    def __str__(self) -> str:
        return self.description or self.url

    @property
    def is_resting(self) -> bool:
        return self.rests_until_at is not None and self.rests_until_at > timezone.now()

    @property
    def ladder_words(self) -> str:
        return ladder.write_ladder(self.ladder)


class SecretQuerySet(models.QuerySet["Secret"]):
    def valid(self, now: datetime) -> Self:
        """The current secrets and those that may still be verified with, newest first."""
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=now)).order_by("-pk")


class Secret(models.Model):
    """What deliveries are signed with; encrypted under a key of the settings."""

    class Scheme(models.TextChoices):
        V1 = "v1", "HMAC-SHA256"
        V1A = "v1a", "ed25519"

    endpoint = models.ForeignKey(Endpoint, models.CASCADE, related_name="secrets")
    scheme = models.CharField(max_length=3, choices=Scheme.choices)
    sealed = models.TextField()
    created_at = models.DateTimeField(default=timezone.now)
    # None: the current one.
    expires_at = models.DateTimeField(null=True)

    objects = SecretQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["endpoint", "scheme"], condition=Q(expires_at=None), name="webhook_secret_is_one_at_a_time"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.scheme} of {self.created_at:%Y-%m-%d}"


class Notice(models.Model):
    """A mail that an owner is to get about an endpoint; sent by the next sweep."""

    class Kind(models.TextChoices):
        FAILING = "failing", "it has been failing for half of the time that is allowed"
        DISABLED = "disabled", "it was disabled"

    endpoint = models.ForeignKey(Endpoint, models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    created_at = models.DateTimeField(default=timezone.now)
    lease_expires_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            # The sweep.
            models.Index(fields=["created_at"], name="webhook_notice_due", condition=Q(sent_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.endpoint_id}"


class Intervention(models.Model):
    """What an operator did to somebody's endpoint; a ledger: rows are never changed."""

    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    endpoint = models.ForeignKey(Endpoint, models.CASCADE, related_name="interventions")
    act = models.CharField(max_length=40)
    note = models.CharField(max_length=200, blank=True)

    def __str__(self) -> str:
        return f"{self.act} at {self.at:%Y-%m-%d %H:%M}"
