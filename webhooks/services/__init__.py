"""Every write about webhooks that locks, spans rows or leaves the process."""

from webhooks.limits import RETENTION
from webhooks.services.endpoints import (
    change_endpoint,
    create_endpoint,
    disable_endpoint,
    enable_endpoint,
    note_intervention,
    pause_endpoint,
    read_secrets,
    remove_endpoint,
    rotate_secrets,
)
from webhooks.services.errors import (
    FilterUnknown,
    HeaderRefused,
    NotAnOperator,
    NotEnabled,
    PayloadRefused,
    RotatedTooOften,
    StaleEndpoint,
    TooManyEndpoints,
    UnderWay,
    UrlRefused,
    WebhookError,
)
from webhooks.services.publishing import publish, send_test
from webhooks.services.resending import recover_endpoint, resend_dead, resend_delivery, resend_range
from webhooks.services.signing import signed_headers

__all__ = [
    "RETENTION",
    "FilterUnknown",
    "HeaderRefused",
    "NotAnOperator",
    "NotEnabled",
    "PayloadRefused",
    "RotatedTooOften",
    "StaleEndpoint",
    "TooManyEndpoints",
    "UnderWay",
    "UrlRefused",
    "WebhookError",
    "change_endpoint",
    "create_endpoint",
    "disable_endpoint",
    "enable_endpoint",
    "note_intervention",
    "pause_endpoint",
    "publish",
    "read_secrets",
    "recover_endpoint",
    "remove_endpoint",
    "resend_dead",
    "resend_delivery",
    "resend_range",
    "rotate_secrets",
    "send_test",
    "signed_headers",
]
