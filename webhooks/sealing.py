"""What is stored of secrets: encrypted under the first key of the settings, readable with any of them."""

import base64
import json
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


class Unreadable(Exception):
    """No key of the settings opens this; the message is for the maintainer."""


@lru_cache(maxsize=4)
def _cipher(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(_derived(key)) for key in keys])


def _derived(key: str) -> bytes:
    kdf = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"guildhall webhooks")
    return base64.urlsafe_b64encode(kdf.derive(key.encode()))


def _keys() -> tuple[str, ...]:
    return tuple(settings.WEBHOOK_SECRET_KEYS or (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS))


def seal(text: str) -> str:
    return _cipher(_keys()).encrypt(text.encode()).decode("ascii")


def open_sealed(token: str) -> str:
    """Return what was sealed; raise Unreadable when its key is gone."""
    return _opened(_keys(), token)


@lru_cache(maxsize=4096)
def _opened(keys: tuple[str, ...], token: str) -> str:
    try:
        return _cipher(keys).decrypt(token.encode()).decode()
    except InvalidToken as error:
        raise Unreadable("A webhook secret was sealed with a key that WEBHOOK_SECRET_KEYS does not name.") from error


def reseal(token: str) -> str:
    """Return the same secret under the first key; raise Unreadable."""
    try:
        return _cipher(_keys()).rotate(token.encode()).decode("ascii")
    except InvalidToken as error:
        raise Unreadable("A webhook secret was sealed with a key that WEBHOOK_SECRET_KEYS does not name.") from error


def seal_headers(headers: dict[str, str]) -> str:
    return seal(json.dumps(headers)) if headers else ""


def open_headers(token: str) -> dict[str, str]:
    headers: dict[str, str] = json.loads(open_sealed(token)) if token else {}
    return headers
