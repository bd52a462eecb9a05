"""Signed words that leave the hall in mails: the unsubscribe link, and the return path that a bounce comes back to."""

import hashlib
import hmac
from collections.abc import Iterator

from django.conf import settings
from django.core import signing
from django.urls import reverse

SALT = "emailqueue.unsubscribe"
RETURN_SALT = "emailqueue.return-path"
TOKEN_MAX = 1000


class LinkInvalid(ValueError):
    """The token was not made here; the message is for the person."""


def unsubscribe_token(*, address: str, topic: str) -> str:
    return signing.Signer(salt=SALT).sign_object([address, topic])


def read_unsubscribe_token(token: str) -> tuple[str, str]:
    """Return the address and the topic. Raise LinkInvalid."""
    try:
        if len(token) > TOKEN_MAX:
            raise signing.BadSignature
        address, topic = signing.Signer(salt=SALT).unsign_object(token)
    except (signing.BadSignature, ValueError, UnicodeError) as error:
        raise LinkInvalid(
            "This link is not complete, or it was changed. Open it from the mail again, or sign in and choose"
            " your mail."
        ) from error
    return str(address), str(topic)


def unsubscribe_url(*, address: str, topic: str) -> str:
    token = unsubscribe_token(address=address, topic=topic)
    return settings.BASE_URL + reverse("emailqueue:unsubscribe", args=[token])


def return_path(*, email_id: int, sender: str) -> str:
    """Return the address that bounces of this mail come to: it names the mail, and cannot be made up."""
    if not settings.EMAIL_BOUNCE_ADDRESS:
        return sender
    local, _, domain = settings.EMAIL_BOUNCE_ADDRESS.partition("@")
    return f"{local}+{email_id}.{next(_signatures(email_id))}@{domain}"


def email_id_of(return_path: str) -> int | None:
    """Return the mail that a return path names, or None for one that was not made here."""
    number, dot, signature = return_path.partition("@")[0].rpartition("+")[2].partition(".")
    if not dot or not (number.isascii() and number.isdecimal() and len(number) < 19):
        return None
    given = signature.lower().encode("utf-8", "replace")
    if any(hmac.compare_digest(given, wanted.encode()) for wanted in _signatures(int(number))):
        return int(number)
    return None


def _signatures(email_id: int) -> Iterator[str]:
    for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        secret = hashlib.sha256(f"{RETURN_SALT}:{key}".encode()).digest()
        yield hmac.new(secret, str(email_id).encode(), hashlib.sha256).hexdigest()[:16]
