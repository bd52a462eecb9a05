"""Deliveries, and the attempts that were made of each."""

from datetime import datetime
from typing import Any, Self

from django.db import models
from django.db.models import F, Func, Q, Value

from webhooks import identifiers
from webhooks.addresses import URL_MAX
from webhooks.models.endpoints import Endpoint
from webhooks.models.events import Event


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def pending(self) -> Self:
        return self.filter(state=Delivery.State.PENDING)

    def due(self, now: datetime) -> Self:
        """What should be under way: its moment has come, and its endpoint takes deliveries."""
        return self.pending().filter(next_attempt_at__lte=now, endpoint__state=Endpoint.State.ENABLED)

    def in_flight(self, now: datetime) -> Self:
        return self.filter(lease_expires_at__gt=now)

    def visible_to(self, user: Any) -> Self:
        return self.filter(endpoint__owner=user, endpoint__removed_at=None)

    def matching(
        self, *, state: str = "", type: str = "", since: datetime | None = None, until: datetime | None = None
    ) -> Self:
        """The lines of a log that were asked for; what is empty asks for nothing."""
        wanted = {name: value for name, value in (("state", state), ("type", type)) if value}
        rows = self.filter(**wanted)
        rows = rows.since(since) if since else rows
        return rows.until(until) if until else rows

    def dead(self) -> Self:
        return self.filter(state=Delivery.State.DEAD)

    def of_endpoint(self, endpoint: Endpoint) -> Self:
        return self.filter(endpoint=endpoint)

    def since(self, at: datetime) -> Self:
        return self.filter(pk__gte=identifiers.floor(at))

    def until(self, at: datetime) -> Self:
        return self.filter(pk__lt=identifiers.floor(at))


class Outcome(models.TextChoices):
    """What became of an attempt."""

    SUCCEEDED = "succeeded", "succeeded"
    STATUS = "status", "answered with an error"
    REDIRECTED = "redirected", "answered with a redirect, which is not followed"
    TIMED_OUT = "timed_out", "timed out"
    DNS = "dns", "the name was not found"
    TLS = "tls", "TLS failed"
    REFUSED = "refused", "the connection was refused"
    BROKEN = "broken", "the connection broke"
    BLOCKED = "blocked", "the address is not public"


class Delivery(models.Model):
    """One event for one endpoint, from the first attempt to the last."""

    class State(models.TextChoices):
        PENDING = "pending", "waiting"
        DELIVERED = "delivered", "delivered"
        DEAD = "dead", "dead letter"
        DROPPED = "dropped", "dropped: the endpoint was removed"

    id = models.UUIDField(primary_key=True)
    event = models.ForeignKey(Event, models.DO_NOTHING, related_name="deliveries", db_constraint=False, db_index=False)
    endpoint = models.ForeignKey(Endpoint, models.CASCADE, related_name="deliveries", db_index=False)
    # Of the event, for the log's filter and for ordering: a join over partitions would cost more.
    type = models.CharField(max_length=80)
    key = models.CharField(max_length=200, blank=True)
    # In the order in which the deliveries were written.
    sequence = models.BigIntegerField(db_default=Func(Value("webhooks_sequence"), function="nextval"))
    state = models.CharField(max_length=9, choices=State.choices, default=State.PENDING)
    next_attempt_at = models.DateTimeField()
    # Rises with each claim: a worker that was late cannot write over what a later one knows.
    fence = models.PositiveIntegerField(default=0)
    lease_expires_at = models.DateTimeField(null=True)
    # How many attempts of the present run of the ladder have failed.
    attempts = models.PositiveSmallIntegerField(default=0)
    last_outcome = models.CharField(max_length=12, choices=Outcome.choices, blank=True)
    last_status = models.PositiveSmallIntegerField(null=True)
    finished_at = models.DateTimeField(null=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.CheckConstraint(
                condition=Q(state="pending", finished_at=None) | (~Q(state="pending") & Q(finished_at__isnull=False)),
                name="webhook_delivery_finished_or_pending",
            ),
            models.CheckConstraint(
                condition=Q(lease_expires_at=None) | Q(state="pending"), name="webhook_only_pending_is_in_flight"
            ),
        ]
        indexes = [
            # The deliverer: what is due, endpoint by endpoint.
            models.Index(
                fields=["endpoint", "next_attempt_at"], name="webhook_delivery_due", condition=Q(state="pending")
            ),
            # The deliverer: how much is under way, endpoint by endpoint.
            models.Index(
                fields=["endpoint"],
                name="webhook_delivery_in_flight",
                condition=Q(lease_expires_at__isnull=False),
            ),
            # The deliverer: what stands before a delivery that must keep its order.
            models.Index(
                fields=["endpoint", "key", "sequence"],
                name="webhook_delivery_in_order",
                condition=Q(state="pending") & ~Q(key=""),
            ),
            # The live log of an endpoint.
            models.Index("endpoint", F("id").desc(), name="webhook_delivery_of_endpoint"),
            # Dead letters, and the Operations page.
            models.Index("state", F("id").desc(), name="webhook_delivery_dead", condition=Q(state="dead")),
        ]

    def __str__(self) -> str:
        return f"{self.type} to endpoint {self.endpoint_id}"

    @property
    def is_finished(self) -> bool:
        return self.state != Delivery.State.PENDING

    @property
    def is_resendable(self) -> bool:
        return self.state != Delivery.State.DROPPED and self.lease_expires_at is None

    @property
    def published_at(self) -> datetime:
        return identifiers.moment(self.pk)

    @property
    def message_id(self) -> str:
        return identifiers.message_id(self.event_id)


class AttemptQuerySet(models.QuerySet["Attempt"]):
    def of_delivery(self, delivery: Delivery) -> Self:
        return self.filter(delivery=delivery)


class Attempt(models.Model):
    """One request and its answer; never changed."""

    id = models.UUIDField(primary_key=True)
    delivery = models.ForeignKey(
        Delivery, models.DO_NOTHING, related_name="attempts_made", db_constraint=False, db_index=False
    )
    endpoint_id = models.BigIntegerField()
    # The fence under which it was made.
    number = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    took_ms = models.PositiveIntegerField()
    url = models.CharField(max_length=URL_MAX)
    # Which address was connected to.
    address = models.CharField(max_length=60, blank=True)
    request_headers = models.JSONField(default=dict)
    outcome = models.CharField(max_length=12, choices=Outcome.choices)
    # In words, for a person.
    detail = models.CharField(max_length=300, blank=True)
    status = models.PositiveSmallIntegerField(null=True)
    answer_headers = models.JSONField(default=list)
    answer = models.BinaryField(default=bytes)
    answer_is_cut = models.BooleanField(default=False)

    objects = AttemptQuerySet.as_manager()

    class Meta:
        indexes = [
            # The page of a delivery.
            models.Index(fields=["delivery", "number"], name="webhook_attempt_of_delivery"),
            # The charts of an endpoint.
            models.Index(fields=["endpoint_id", "started_at"], name="webhook_attempt_of_endpoint"),
        ]

    def __str__(self) -> str:
        return f"{self.get_outcome_display()} after {self.took_ms} ms"

    @property
    def has_succeeded(self) -> bool:
        return self.outcome == Outcome.SUCCEEDED

    @property
    def answer_text(self) -> str:
        return bytes(self.answer).decode("utf-8", "replace")
