"""Endpoints and their secrets."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from sessions_app.models import User
from webhooks import addresses, catalogue, headers, limits, sealing, signatures
from webhooks.models import Delivery, Endpoint, Intervention, Secret
from webhooks.services.errors import (
    FilterUnknown,
    HeaderRefused,
    NotAnOperator,
    RotatedTooOften,
    StaleEndpoint,
    TooManyEndpoints,
    UrlRefused,
)

Because = Endpoint.Because
State = Endpoint.State


@transaction.atomic(durable=True)
def create_endpoint(*, owner_id: int, url: str, **wishes: Any) -> Endpoint:
    """Add an endpoint with fresh secrets. `wishes` are the fields of a form, as in `change_endpoint`.

    Raise TooManyEndpoints, UrlRefused, HeaderRefused, FilterUnknown or NotAnOperator. Locks the owner.
    """
    owner = User.objects.select_for_update(no_key=True).get(pk=owner_id)
    if Endpoint.objects.visible_to(owner).count() >= limits.ENDPOINTS_MAX:
        raise TooManyEndpoints(f"You have {limits.ENDPOINTS_MAX} endpoints, which is the most. Remove one first.")
    endpoint = Endpoint.objects.create(owner=owner, **_checked(owner, {"url": url, **wishes}))
    _add_secrets(endpoint)
    return endpoint


@transaction.atomic(durable=True)
def change_endpoint(*, endpoint_id: int, version: int, **wishes: Any) -> Endpoint:
    """Change what an endpoint wants: `url`, `description`, `scope`, `filters`, `headers`, `ladder`, `concurrency`,
    `per_minute`, `ordered`, `asymmetric`; what is not named stays.

    `version` is the one that the caller saw: raise StaleEndpoint when somebody was faster. Errors as `create_endpoint`.
    """
    endpoint = Endpoint.objects.select_related("owner").get(pk=endpoint_id)
    changes = _checked(endpoint.owner, wishes)
    rows = Endpoint.objects.present().filter(pk=endpoint_id, version=version)
    if not rows.update(version=F("version") + 1, **changes):
        raise StaleEndpoint("It was changed somewhere else meanwhile. Here is what holds now; change it again.")
    endpoint.refresh_from_db()
    _add_secrets(endpoint)
    return endpoint


def _checked(owner: User, wishes: dict[str, Any]) -> dict[str, Any]:
    changes = dict(wishes)
    if "url" in changes:
        changes["url"] = read_url(text=changes["url"]).url
    if "headers" in changes:
        changes["sealed_headers"] = sealing.seal_headers(_headers(changes.pop("headers")))
    if "filters" in changes:
        changes["filters"] = _filters(changes["filters"])
    if changes.get("scope") == Endpoint.Scope.HALL and not owner.is_staff:
        raise NotAnOperator("Only operators may hear of everything in the hall.")
    return changes


def read_url(*, text: str) -> addresses.Target:
    """Return a URL in its one spelling. Raise UrlRefused, which says what is wrong with it."""
    try:
        return addresses.read_url(
            text.strip(), plain_http=not settings.HTTPS, allowed=settings.WEBHOOK_ALLOWED_ADDRESSES
        )
    except addresses.Refused as error:
        raise UrlRefused(str(error)) from error


def _headers(wanted: Mapping[str, str]) -> dict[str, str]:
    try:
        return headers.check(wanted)
    except headers.Refused as error:
        raise HeaderRefused(str(error)) from error


def _filters(wanted: Iterable[str]) -> list[str]:
    chosen = sorted(set(wanted))
    unknown = sorted(set(chosen) - set(catalogue.filters()))
    if unknown:
        raise FilterUnknown(f"There is no event type {unknown[0][:80]!r}. The catalogue lists all of them.")
    if len(chosen) > limits.FILTERS_MAX:
        raise FilterUnknown(f"Choose at most {limits.FILTERS_MAX} filters, or none for everything.")
    return chosen


# --- Secrets ----------------------------------------------------------------------------------------------


def _add_secrets(endpoint: Endpoint) -> None:
    """Give an endpoint the secrets that it signs with and does not have yet."""
    wanted: list[signatures.Scheme] = ["v1", "v1a"] if endpoint.asymmetric else ["v1"]
    Secret.objects.bulk_create(
        [
            Secret(endpoint=endpoint, scheme=scheme, sealed=sealing.seal(signatures.new_secret(scheme)))
            for scheme in wanted
        ],
        # The one that is there stays.
        ignore_conflicts=True,
    )
    # A scheme that is not wanted any more goes on for as long as a rotated secret does.
    Secret.objects.filter(endpoint=endpoint, expires_at=None).exclude(scheme__in=wanted).update(
        expires_at=timezone.now() + limits.ROTATION
    )


@transaction.atomic(durable=True)
def rotate_secrets(*, endpoint_id: int) -> Endpoint:
    """Make new secrets; the present ones sign beside them for another 24 hours.

    Raise RotatedTooOften when too many would be valid at once. Locks the endpoint.
    """
    endpoint = Endpoint.objects.present().select_for_update(no_key=True).get(pk=endpoint_id)
    now = timezone.now()
    if Secret.objects.valid(now).filter(endpoint=endpoint).count() >= limits.SECRETS_MAX:
        raise RotatedTooOften("Too many secrets are valid already. Wait until the older ones have run out.")
    Secret.objects.filter(endpoint=endpoint, expires_at=None).update(expires_at=now + limits.ROTATION)
    _add_secrets(endpoint)
    return endpoint


def read_secrets(*, endpoint_id: int) -> list[tuple[Secret, str]]:
    """Return the secrets that are valid, newest first, each as its owner verifies with it: `whsec_` or `whpk_`."""
    found = []
    for row in Secret.objects.valid(timezone.now()).filter(endpoint=endpoint_id):
        plain = sealing.open_sealed(row.sealed)
        found.append((row, plain if row.scheme == Secret.Scheme.V1 else signatures.public_key(plain)))
    return found


# --- States -----------------------------------------------------------------------------------------------


def pause_endpoint(*, endpoint_id: int) -> bool:
    """Keep what comes for later; return False when it was not enabled."""
    return bool(
        Endpoint.objects.present()
        .filter(pk=endpoint_id, state=State.ENABLED)
        .update(state=State.PAUSED, state_because=Because.OWNER, state_changed_at=timezone.now())
    )


@transaction.atomic(durable=True)
def disable_endpoint(*, endpoint_id: int, by: User, reason: str) -> bool:
    """Take nothing more for an endpoint, as an operator; return False when it was disabled already."""
    changed = (
        Endpoint.objects.present()
        .filter(pk=endpoint_id)
        .exclude(state=State.DISABLED)
        .update(state=State.DISABLED, state_because=Because.OPERATOR, state_changed_at=timezone.now())
    )
    if changed:
        Intervention.objects.create(endpoint_id=endpoint_id, by=by, act="disabled", note=reason[:200])
    return bool(changed)


def note_intervention(*, endpoint_id: int, by: User, act: str) -> None:
    """Write down what an operator did to somebody's endpoint."""
    Intervention.objects.create(endpoint_id=endpoint_id, by=by, act=act)


def enable_endpoint(*, endpoint_id: int) -> bool:
    """Deliver again what waits and what comes, with a clean record; return False when it was enabled.

    What was published while it was disabled is brought by `recover_endpoint`.
    """
    return bool(
        Endpoint.objects.present()
        .filter(pk=endpoint_id)
        .exclude(state=State.ENABLED)
        .update(
            state=State.ENABLED,
            state_because=Because.NONE,
            state_changed_at=timezone.now(),
            failures=0,
            failing_since_at=None,
            warned_at=None,
            trips=0,
            rests_until_at=None,
        )
    )


@transaction.atomic(durable=True)
def remove_endpoint(*, endpoint_id: int) -> bool:
    """Remove an endpoint and drop what waits for it; its log stays. Return False when it was gone already."""
    now = timezone.now()
    if not Endpoint.objects.present().filter(pk=endpoint_id).update(removed_at=now):
        return False
    Delivery.objects.pending().filter(endpoint=endpoint_id).update(
        state=Delivery.State.DROPPED, finished_at=now, lease_expires_at=None
    )
    Secret.objects.filter(endpoint=endpoint_id).delete()
    return True
