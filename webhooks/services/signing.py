"""Requests of the form of webhooks that other apps send by themselves and wait for."""

import time
import uuid

from webhooks import signatures


def signed_headers(*, body: bytes, secret: str) -> dict[str, str]:
    """Return the headers by which a receiver of Standard Webhooks 1.0 verifies this JSON body."""
    key, now = f"msg_{uuid.uuid4().hex}", int(time.time())
    return {
        "content-type": "application/json",
        "user-agent": "Guildhall",
        "webhook-id": key,
        "webhook-timestamp": str(now),
        "webhook-signature": signatures.sign(message_id=key, timestamp=now, body=body, secrets=[secret]),
    }
