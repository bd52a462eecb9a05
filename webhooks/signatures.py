"""Standard Webhooks 1.0: secrets, and what is signed with them. Plain values in and out.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable
from typing import Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

Scheme = Literal["v1", "v1a"]
PREFIXES: dict[Scheme, str] = {"v1": "whsec_", "v1a": "whsk_"}
PUBLIC_PREFIX = "whpk_"
SECRET_BYTES = 32


def new_secret(scheme: Scheme) -> str:
    """Return a fresh secret as it is written: `whsec_` and 32 random bytes, or `whsk_` and an ed25519 seed."""
    if scheme == "v1":
        return PREFIXES["v1"] + _text(secrets.token_bytes(SECRET_BYTES))
    return PREFIXES["v1a"] + _text(Ed25519PrivateKey.generate().private_bytes_raw())


def public_key(secret: str) -> str:
    """Return `whpk_...`, the half of a `whsk_` secret that receivers verify with."""
    return PUBLIC_PREFIX + _text(_private(secret).public_key().public_bytes_raw())


def sign(*, message_id: str, timestamp: int, body: bytes, secrets: Iterable[str]) -> str:
    """Return the value of `webhook-signature`: one signature for each secret, in their order.

    `message_id` holds no full stop: the three parts of what is signed are told apart by them.
    """
    if "." in message_id:
        raise ValueError("a message id holds no full stop")
    signed = f"{message_id}.{timestamp}.".encode() + body
    return " ".join(_signature(secret, signed) for secret in secrets)


def _signature(secret: str, signed: bytes) -> str:
    if secret.startswith(PREFIXES["v1a"]):
        return "v1a," + _text(_private(secret).sign(signed))
    key = base64.b64decode(secret.removeprefix(PREFIXES["v1"]))
    return "v1," + _text(hmac.new(key, signed, hashlib.sha256).digest())


def _private(secret: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(base64.b64decode(secret.removeprefix(PREFIXES["v1a"]))[:32])


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")
