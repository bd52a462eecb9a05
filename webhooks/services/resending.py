"""Deliveries that are made again: one, a range, or what an endpoint missed."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from sessions_app.models import User
from webhooks import identifiers, limits
from webhooks.models import Delivery, DeliveryQuerySet, Endpoint, Event, Intervention
from webhooks.services.errors import NotEnabled, UnderWay
from webhooks.services.publishing import new_delivery

State = Delivery.State
BATCH = 500


@transaction.atomic(durable=True)
def resend_delivery(*, delivery_id: UUID) -> Delivery:
    """Make one delivery again, at once and from the bottom of its ladder, with the same `webhook-id`.

    Raise NotEnabled while its endpoint takes nothing, UnderWay while an attempt is being made.
    """
    endpoint = Endpoint.objects.present().get(pk=Delivery.objects.values_list("endpoint_id").get(pk=delivery_id)[0])
    _must_be_enabled(endpoint)
    if not _resend(Delivery.objects.filter(pk=delivery_id)):
        raise UnderWay("An attempt is being made right now. Look again in a few seconds.")
    return Delivery.objects.get(pk=delivery_id)


def _resend(rows: DeliveryQuerySet) -> int:
    """Make these due, but for those that are in flight; return how many.

    The fence stays: it counts all attempts, and their ids come from it.
    """
    now = timezone.now()
    idle = Q(lease_expires_at=None) | Q(lease_expires_at__lte=now)
    return (
        rows.filter(idle)
        .exclude(state=State.DROPPED)
        .update(state=State.PENDING, next_attempt_at=now, attempts=0, finished_at=None, lease_expires_at=None)
    )


def _must_be_enabled(endpoint: Endpoint) -> None:
    if endpoint.state != Endpoint.State.ENABLED:
        raise NotEnabled(f"This endpoint is {endpoint.get_state_display()}. Enable it first.")


def resend_range(*, endpoint_id: int, since: datetime, until: datetime, dead_only: bool = True) -> int:
    """Make the finished deliveries of a span again, the dead ones or all; return how many, at most 10,000.

    In batches of their own transactions, newest first: safe to repeat and to stop. Raise NotEnabled.
    """
    _must_be_enabled(Endpoint.objects.present().get(pk=endpoint_id))
    states = [State.DEAD] if dead_only else [State.DEAD, State.DELIVERED]
    rows = Delivery.objects.filter(endpoint=endpoint_id).since(since).until(until)
    return _resend_batches(rows, states)


def _resend_batches(rows: DeliveryQuerySet, states: list[Delivery.State], most: int = limits.RESEND_MAX) -> int:
    done, last = 0, None
    while done < most:
        page = rows.filter(state__in=states)
        page = page.filter(pk__lt=last) if last else page
        ids = list(page.order_by("-pk").values_list("pk", flat=True)[: min(BATCH, most - done)])
        if not ids:
            break
        with transaction.atomic(durable=True):
            # In these states also by now: somebody else may have resent them meanwhile, and they arrived.
            done += _resend(Delivery.objects.filter(pk__in=ids, state__in=states))
        last = ids[-1]
    return done


def recover_endpoint(*, endpoint_id: int, since: datetime) -> int:
    """Bring an endpoint whatever it has not got since that moment; return how many deliveries are due now.

    That is what is a dead letter, and what was published while it was disabled, filtered otherwise or not there yet.
    Safe to repeat: a delivery is there once. Raise NotEnabled.
    """
    endpoint = Endpoint.objects.present().get(pk=endpoint_id)
    _must_be_enabled(endpoint)
    rows = Delivery.objects.filter(endpoint=endpoint_id).since(since)
    return _resend_batches(rows, [State.DEAD]) + _bring_missed(endpoint, since)


def _bring_missed(endpoint: Endpoint, since: datetime) -> int:
    brought, last, now = 0, identifiers.floor(since), timezone.now()
    while brought < limits.RESEND_MAX:
        events = list(Event.objects.filter(pk__gt=last, only_for=None).order_by("pk")[:BATCH])
        if not events:
            break
        last = events[-1].pk
        wanted = [event for event in events if _reaches(endpoint, event)]
        rows = [new_delivery(event=event, endpoint_id=endpoint.pk, now=now) for event in wanted]
        there = set(Delivery.objects.filter(pk__in=[row.pk for row in rows]).values_list("pk", flat=True))
        with transaction.atomic(durable=True):
            # Two at once: the primary key keeps one.
            Delivery.objects.bulk_create([row for row in rows if row.pk not in there], ignore_conflicts=True)
        brought += len(rows) - len(there)
    return brought


def _reaches(endpoint: Endpoint, event: Event) -> bool:
    wants = not endpoint.filters or bool({event.type, event.type.rpartition(".")[0] + ".*"} & set(endpoint.filters))
    if endpoint.scope == Endpoint.Scope.HALL:
        return wants and endpoint.owner.is_staff and endpoint.owner.is_active
    return wants and endpoint.owner_id in event.about


def resend_dead(*, since: datetime, by: User | None, endpoint_id: int | None = None, limit: int | None = None) -> int:
    """Make the dead letters since that moment again, of one endpoint or of all that are enabled; return how many."""
    rows = Delivery.objects.since(since).filter(endpoint__state=Endpoint.State.ENABLED)
    rows = rows.filter(endpoint__removed_at=None)
    if endpoint_id is not None:
        rows = rows.filter(endpoint=endpoint_id)
    done = _resend_batches(rows, [State.DEAD], limits.RESEND_MAX if limit is None else limit)
    if by is not None and endpoint_id is not None and done:
        Intervention.objects.create(endpoint_id=endpoint_id, by=by, act="resent dead letters", note=str(done))
    return done
