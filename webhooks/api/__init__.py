"""The JSON API of webhooks: everything that the pages can do."""

from typing import Annotated, Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Query, Router, Status
from pydantic import AwareDatetime, Field

from lib import keyset
from lib.payloads import SESSION_ONLY, PageQuery, Paging, RowId, refusals
from lib.preconditions import etag, require_match, stale
from sessions_app.api_auth import ApiRequest, require_recent_proof
from webhooks import services
from webhooks.api.schemas import (
    IF_MATCH,
    DeliveryId,
    DeliveryList,
    DeliveryState,
    DeliveryWithAttempts,
    EndpointChange,
    EndpointList,
    NewEndpoint,
    NewState,
    SecretList,
    Since,
    Span,
    WebhookDelivery,
    WebhookEndpoint,
    WentOut,
)
from webhooks.models import Attempt, Delivery, Endpoint

router = Router(tags=["Webhooks"])


class LogQuery(Paging):
    """What of the log is wanted."""

    state: DeliveryState | None = Field(None, description="Only deliveries in this state.")
    type: str = Field("", max_length=80, description="Only this type of event.")
    since: AwareDatetime | None = Field(None, description="Only what was published from then on.")
    until: AwareDatetime | None = Field(None, description="Only what was published before.")


def _mine(request: ApiRequest, endpoint_id: int) -> Endpoint:
    return get_object_or_404(Endpoint.objects.visible_to(request.auth.user), pk=endpoint_id)


def _etag(endpoint: Endpoint) -> str:
    return etag(f"{endpoint.version}.{endpoint.state}")


# --- Endpoints --------------------------------------------------------------------------------------------


@router.get("/webhooks", response={200: EndpointList, **refusals(422)}, summary="List my endpoints")
def list_endpoints(request: ApiRequest, paging: PageQuery) -> object:
    """Every endpoint of the person, the newest first; never their secrets or custom headers."""
    rows = Endpoint.objects.visible_to(request.auth.user)
    return keyset.page(rows, by=("id",), limit=paging.limit, cursor=paging.cursor)


@router.post("/webhooks", response={201: WebhookEndpoint, **refusals(409, body=True)}, summary="Add an endpoint")
def create_endpoint(request: ApiRequest, new: NewEndpoint) -> object:
    """It is enabled at once and has a secret, which `GET /webhooks/{endpoint_id}/secrets` shows."""
    wishes = new.model_dump(exclude_unset=True)
    return Status(201, services.create_endpoint(owner_id=request.auth.user.pk, **wishes))


@router.get("/webhooks/{int:endpoint_id}", response={200: WebhookEndpoint, **refusals(404)}, summary="Show an endpoint")
def show_endpoint(request: ApiRequest, response: HttpResponse, endpoint_id: RowId) -> Endpoint:
    """What it wants, and whether it fails."""
    endpoint = _mine(request, endpoint_id)
    response["ETag"] = _etag(endpoint)
    return endpoint


@router.patch(
    "/webhooks/{int:endpoint_id}",
    response={200: WebhookEndpoint, **refusals(404, 412, 428, body=True)},
    summary="Change an endpoint",
    openapi_extra={"parameters": [IF_MATCH]},
)
def change_endpoint(
    request: ApiRequest, response: HttpResponse, endpoint_id: RowId, change: EndpointChange
) -> Endpoint:
    """What is not sent stays. `If-Match` carries the `ETag` of what you read."""
    endpoint = _mine(request, endpoint_id)
    require_match(request, _etag(endpoint))
    wishes = change.model_dump(exclude_unset=True)
    try:
        endpoint = services.change_endpoint(endpoint_id=endpoint.pk, version=endpoint.version, **wishes)
    except services.StaleEndpoint as error:
        raise stale(_etag(_mine(request, endpoint_id))) from error
    response["ETag"] = _etag(endpoint)
    return endpoint


@router.put(
    "/webhooks/{int:endpoint_id}/state",
    response={200: WebhookEndpoint, **refusals(404, body=True)},
    summary="Enable or pause an endpoint",
)
def set_endpoint_state(request: ApiRequest, endpoint_id: RowId, new: NewState) -> Endpoint:
    """Paused: what happens is kept. Enabled again: what waits goes out. What is so already stays so."""
    endpoint = _mine(request, endpoint_id)
    if new.state == Endpoint.State.ENABLED:
        services.enable_endpoint(endpoint_id=endpoint.pk)
    else:
        services.pause_endpoint(endpoint_id=endpoint.pk)
    return _mine(request, endpoint_id)


@router.delete("/webhooks/{int:endpoint_id}", response={204: None, **refusals(404)}, summary="Remove an endpoint")
def remove_endpoint(request: ApiRequest, endpoint_id: RowId) -> object:
    """What waits for it is dropped. It cannot be brought back."""
    services.remove_endpoint(endpoint_id=_mine(request, endpoint_id).pk)
    return Status(204, None)


@router.get(
    "/webhooks/{int:endpoint_id}/secrets",
    response={200: SecretList, **refusals(404)},
    summary="Show the secrets of an endpoint",
    openapi_extra={SESSION_ONLY: True},
)
def show_secrets(request: ApiRequest, endpoint_id: RowId) -> object:
    """Only for somebody who signed in here within the last five minutes: a token that may read must not be enough to
    pretend to be the hall.
    """
    endpoint = _mine(request, endpoint_id)
    require_recent_proof(request, token_may=False)
    return {"secrets": _secrets(endpoint)}


@router.post(
    "/webhooks/{int:endpoint_id}/secrets",
    response={201: SecretList, **refusals(404, 409)},
    summary="Rotate the secrets of an endpoint",
)
def rotate_secrets(request: ApiRequest, endpoint_id: RowId) -> object:
    """New secrets sign from now on; those before sign beside them for another 24 hours. The answer shows all of them,
    this once to a token.
    """
    endpoint = services.rotate_secrets(endpoint_id=_mine(request, endpoint_id).pk)
    return Status(201, {"secrets": _secrets(endpoint)})


def _secrets(endpoint: Endpoint) -> list[dict[str, Any]]:
    return [
        {"scheme": row.scheme, "secret": plain, "expires_at": row.expires_at}
        for row, plain in services.read_secrets(endpoint_id=endpoint.pk)
    ]


# --- Deliveries -------------------------------------------------------------------------------------------


@router.get(
    "/webhooks/{int:endpoint_id}/deliveries",
    response={200: DeliveryList, **refusals(404, 422)},
    summary="List the deliveries of an endpoint",
)
def list_deliveries(request: ApiRequest, endpoint_id: RowId, log: Annotated[LogQuery, Query()]) -> object:
    """The log of the last 30 days, the newest first."""
    rows = Delivery.objects.of_endpoint(_mine(request, endpoint_id)).matching(
        state=log.state or "", type=log.type, since=log.since, until=log.until
    )
    return keyset.page(rows, by=("id",), limit=log.limit, cursor=log.cursor)


@router.get(
    "/webhooks/deliveries/{uuid:delivery_id}",
    response={200: DeliveryWithAttempts, **refusals(404)},
    summary="Show a delivery and its attempts",
)
def show_delivery(request: ApiRequest, delivery_id: DeliveryId) -> object:
    """The payload as it is sent, and each request with its answer; values of custom headers are masked."""
    delivery = _my_delivery(request, delivery_id)
    return {
        "delivery": delivery,
        "payload": bytes(delivery.event.body).decode(),
        "attempts": list(Attempt.objects.of_delivery(delivery).order_by("-number")[:50]),
    }


def _my_delivery(request: ApiRequest, delivery_id: Any) -> Delivery:
    return get_object_or_404(Delivery.objects.visible_to(request.auth.user), pk=delivery_id)


@router.post(
    "/webhooks/deliveries/{uuid:delivery_id}/resend",
    response={202: WebhookDelivery, **refusals(404, 409)},
    summary="Send a delivery again",
)
def resend_delivery(request: ApiRequest, delivery_id: DeliveryId) -> object:
    """At once, from the bottom of the ladder, with the same `webhook-id`."""
    return Status(202, services.resend_delivery(delivery_id=_my_delivery(request, delivery_id).pk))


@router.post(
    "/webhooks/{int:endpoint_id}/resend",
    response={202: WentOut, **refusals(404, 409, body=True)},
    summary="Send a span of time again",
)
def resend_range(request: ApiRequest, endpoint_id: RowId, span: Span) -> object:
    """At most 10,000 deliveries, the newest first."""
    count = services.resend_range(
        endpoint_id=_mine(request, endpoint_id).pk,
        since=span.since,
        until=span.until,
        dead_only=not span.everything,
    )
    return Status(202, {"count": count})


@router.post(
    "/webhooks/{int:endpoint_id}/recover",
    response={202: WentOut, **refusals(404, 409, body=True)},
    summary="Bring back what did not arrive",
)
def recover_endpoint(request: ApiRequest, endpoint_id: RowId, span: Since) -> object:
    """Dead letters, and what was published while the endpoint was disabled, filtered otherwise or not there yet."""
    count = services.recover_endpoint(endpoint_id=_mine(request, endpoint_id).pk, since=span.since)
    return Status(202, {"count": count})


@router.post(
    "/webhooks/{int:endpoint_id}/test",
    response={202: WebhookDelivery, **refusals(404, 409)},
    summary="Send a test event",
)
def send_test(request: ApiRequest, endpoint_id: RowId) -> object:
    """An event of the type `endpoint.tested`, whatever the endpoint filters."""
    endpoint = _mine(request, endpoint_id)
    return Status(202, services.send_test(endpoint_id=endpoint.pk, by=request.auth.user))
