"""Events, written beside the change that they report."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from sessions_app.models import User
from webhooks import catalogue, identifiers, limits, partitions
from webhooks.models import Delivery, Endpoint, Event
from webhooks.services.errors import NotEnabled, PayloadRefused

BATCH = 1000
TEST = "endpoint.tested"


@transaction.atomic(savepoint=False)
def publish(
    event_type: str,
    data: Mapping[str, Any],
    *,
    by: User | None = None,
    about: Iterable[int] = (),
    key: str = "",
) -> Event:
    """Tell every endpoint that may know and wants to, in the caller's transaction: with it, or not at all.

    `about` are the ids of the people whom it is about, who hear of it at their own endpoints; operators hear of
    everything at endpoints that ask for the hall. `key` names what must stay in order ("booking:7"): publish after
    that row is locked, so that events are written in the order in which they happened. Raise PayloadRefused for data
    that does not fit its type or is larger than 64 KB.
    """
    return write(event_type=event_type, data=data, by=by, about=about, key=key)


@transaction.atomic(savepoint=False)
def write(
    *,
    event_type: str,
    data: Mapping[str, Any],
    by: User | None = None,
    about: Iterable[int] = (),
    key: str = "",
    only_for: int | None = None,
) -> Event:
    """Write an event and its deliveries; as `publish`, and `only_for` names the one endpoint that is meant."""
    try:
        catalogue.check(event_type, data)
    except catalogue.DoesNotFit as error:
        raise PayloadRefused(str(error)) from error
    now = timezone.now()
    # Made weeks ahead; should every keeper have been away for so long, the change that is reported must not fail.
    if not partitions.has_week(connection, now):
        partitions.ensure(connection, now)
    event = Event.objects.create(
        id=identifiers.new_event_id(now),
        type=event_type,
        published_at=now,
        body=body_of(event_type=event_type, data=data, at=now),
        key=key[: limits.KEY_MAX],
        about=sorted(set(about)),
        by=by,
        only_for=only_for,
    )
    endpoint_ids = list(Endpoint.objects.reached_by(event).order_by("pk").values_list("pk", flat=True))
    deliveries = [new_delivery(event=event, endpoint_id=endpoint_id, now=now) for endpoint_id in endpoint_ids]
    Delivery.objects.bulk_create(deliveries, batch_size=BATCH)
    return event


def body_of(*, event_type: str, data: Mapping[str, Any], at: datetime) -> bytes:
    """Return the bytes that are sent and signed. Raise PayloadRefused when they are too many, or no JSON."""
    payload = {"type": event_type, "timestamp": at.isoformat().replace("+00:00", "Z"), "data": data}
    try:
        body = json.dumps(payload, separators=(",", ":"), allow_nan=False).encode("ascii")
    except (TypeError, ValueError) as error:
        raise PayloadRefused(f"{event_type}: {error}") from error
    if len(body) > limits.BODY_MAX:
        raise PayloadRefused(f"{event_type}: {len(body)} bytes are more than {limits.BODY_MAX}.")
    return body


def new_delivery(*, event: Event, endpoint_id: int, now: datetime) -> Delivery:
    """Return the row, not yet written, that brings this event to this endpoint; there can be only one."""
    return Delivery(
        id=identifiers.delivery_id(event.pk, endpoint_id),
        event=event,
        endpoint_id=endpoint_id,
        type=event.type,
        key=event.key,
        next_attempt_at=now,
    )


@transaction.atomic(durable=True)
def send_test(*, endpoint_id: int, by: User) -> Delivery:
    """Send a test event to one endpoint, whatever it filters. Raise NotEnabled while it takes nothing."""
    endpoint = Endpoint.objects.present().get(pk=endpoint_id)
    if endpoint.state != Endpoint.State.ENABLED:
        raise NotEnabled(f"This endpoint is {endpoint.get_state_display()}. Enable it first.")
    data = {"endpoint_id": endpoint.pk, "description": endpoint.description, "by": by.display_name}
    event = write(event_type=TEST, data=data, by=by, only_for=endpoint.pk)
    return Delivery.objects.get(pk=identifiers.delivery_id(event.pk, endpoint.pk))
