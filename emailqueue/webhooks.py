"""What providers post about mails, as reports: the shapes of Amazon SES (through SNS), Postmark and SendGrid.

Parsing and proof only; nothing is written. A body that is not what the provider sends raises BodyInvalid.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from emailqueue import bounces
from emailqueue.models import EmailEvent
from emailqueue.services.reports import Report
from lib import strict_json

Kind = EmailEvent.Kind
EVENTS_MAX = 1000
# Where SNS keeps its certificates: only from there is one believed.
SNS_HOST = re.compile(r"sns\.[a-z0-9-]{3,30}\.amazonaws\.com(\.cn)?", re.A)
SNS_SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    "UnsubscribeConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}


class BodyInvalid(ValueError):
    """It is not what the provider sends; the message is for whoever reads the provider's log."""


class NotProved(Exception):
    """Whoever sent it did not prove to be the provider."""


def read(raw: bytes) -> Any:
    try:
        return strict_json.read(raw)
    except (strict_json.NotJson, strict_json.NotStorable) as error:
        raise BodyInvalid(str(error)) from error


# --- Postmark ---------------------------------------------------------------------------------------------------


def proved_by_password(authorization: str, secret: str) -> None:
    """Check HTTP Basic with any name. Raise NotProved."""
    kind, _, encoded = authorization.partition(" ")
    try:
        given = base64.b64decode(encoded, validate=True).partition(b":")[2] if kind.lower() == "basic" else b""
    except ValueError:
        given = b""
    if not secret or not hmac.compare_digest(given, secret.encode()):
        raise NotProved


def of_postmark(body: Any) -> list[Report]:
    if not isinstance(body, dict):
        raise BodyInvalid("A Postmark webhook is one JSON object.")
    record = _text(body, "RecordType")
    address = _text(body, "Email") or _text(body, "Recipient")
    kind, detail, status = None, "", ""
    if record == "Delivery":
        kind, detail = Kind.DELIVERED, _text(body, "Details")
    elif record == "SpamComplaint":
        kind = Kind.COMPLAINED
    elif record == "Open":
        kind = Kind.OPENED
    elif record == "Click":
        kind, detail = Kind.CLICKED, _text(body, "OriginalLink")
    elif record == "SubscriptionChange":
        kind = Kind.UNSUBSCRIBED if body.get("SuppressSending") is True else None
    elif record == "Bounce":
        if _text(body, "Type") in {"AutoResponder", "ChallengeVerification", "Subscribe", "AddressChange"}:
            return []
        detail = _text(body, "Details") or _text(body, "Description")
        status, _, hard = bounces.judge(status="", words=detail)
        # The code in the server's words goes before the name that the provider gave it.
        hard = hard if status else hard or _text(body, "Type") in {"HardBounce", "BadEmailAddress"}
        kind = Kind.BOUNCED_HARD if hard else Kind.BOUNCED_SOFT
    if kind is None or not address:
        return []
    number = body.get("ID") or _text(body, "ReceivedAt") or _text(body, "DeliveredAt")
    event_id = f"{record}:{_text(body, 'MessageID')}:{address}:{number}"
    return [
        Report(
            kind=kind,
            address=address,
            event_id=_digest(event_id),
            provider_id=_text(body, "MessageID"),
            status=status,
            detail=detail[:300],
        )
    ]


# --- SendGrid ---------------------------------------------------------------------------------------------------


def proved_by_sendgrid(raw: bytes, *, signature: str, timestamp: str, public_key: str) -> None:
    """Check the signature of a signed event webhook (ECDSA over the timestamp and the body). Raise NotProved."""
    try:
        key = serialization.load_der_public_key(base64.b64decode(public_key))
        if not isinstance(key, ec.EllipticCurvePublicKey):
            raise NotProved
        key.verify(base64.b64decode(signature), timestamp.encode() + raw, ec.ECDSA(hashes.SHA256()))
    except (ValueError, TypeError, InvalidSignature) as error:
        raise NotProved from error


def of_sendgrid(body: Any) -> list[Report]:
    if not isinstance(body, list) or not all(isinstance(each, dict) for each in body):
        raise BodyInvalid("A SendGrid webhook is a JSON array of objects.")
    if len(body) > EVENTS_MAX:
        raise BodyInvalid(f"A SendGrid webhook holds at most {EVENTS_MAX} events.")
    return [report for each in body if (report := _of_sendgrid(each)) is not None]


def _of_sendgrid(event: dict[str, Any]) -> Report | None:
    name, words = _text(event, "event"), _text(event, "reason") or _text(event, "response")
    status, hard = "", False
    kinds = {
        **{"delivered": Kind.DELIVERED, "deferred": Kind.DEFERRED, "spamreport": Kind.COMPLAINED, "open": Kind.OPENED},
        **{"click": Kind.CLICKED, "unsubscribe": Kind.UNSUBSCRIBED, "group_unsubscribe": Kind.UNSUBSCRIBED},
    }
    kind = kinds.get(name)
    if name in {"bounce", "dropped"}:
        status, _, hard = bounces.judge(status=_text(event, "status"), words=words)
        kind = Kind.BOUNCED_HARD if hard else Kind.BOUNCED_SOFT
    address = _text(event, "email")
    if kind is None or not address:
        return None
    return Report(
        kind=kind,
        address=address,
        event_id=_text(event, "sg_event_id") or _digest(str(sorted(event.items()))),
        # "filter0001-1234.recvd..." begins with what the server said when it took the mail.
        provider_id=_text(event, "sg_message_id").partition(".")[0],
        message_id=_text(event, "smtp-id"),
        status=status,
        detail=(words or _text(event, "url"))[:300],
    )


# --- Amazon SES through SNS -------------------------------------------------------------------------------------


class Notice(NamedTuple):
    """A message of SNS whose signature was checked."""

    kind: str
    topic: str
    message_id: str
    message: str
    subscribe_url: str


def notice(body: Any, *, certificate: Callable[[str], bytes]) -> Notice:
    """Return a message of SNS, proved by its signature; `certificate` fetches one. Raise BodyInvalid or NotProved."""
    if not isinstance(body, dict) or _text(body, "Type") not in SNS_SIGNED:
        raise BodyInvalid("An SNS message is one JSON object with a Type.")
    kind, url = _text(body, "Type"), _text(body, "SigningCertURL")
    if not is_of_sns(url) or not urlsplit(url).path.endswith(".pem"):
        raise NotProved
    signed = "".join(f"{name}\n{_text(body, name)}\n" for name in SNS_SIGNED[kind] if name in body)
    digest: hashes.HashAlgorithm = hashes.SHA256() if _text(body, "SignatureVersion") == "2" else hashes.SHA1()  # noqa: S303
    try:
        key = x509.load_pem_x509_certificate(certificate(url)).public_key()
        if not isinstance(key, rsa.RSAPublicKey):
            raise NotProved
        key.verify(base64.b64decode(_text(body, "Signature")), signed.encode(), padding.PKCS1v15(), digest)
    except (ValueError, InvalidSignature) as error:
        raise NotProved from error
    return Notice(
        kind, _text(body, "TopicArn"), _text(body, "MessageId"), _text(body, "Message"), _text(body, "SubscribeURL")
    )


def is_of_sns(url: str) -> bool:
    """Tell whether an address is one of Amazon's, over https and on its own port."""
    try:
        parts = urlsplit(url)
        return parts.scheme == "https" and bool(SNS_HOST.fullmatch(parts.netloc))
    except ValueError:
        return False


def of_ses(said: Notice) -> list[Report]:
    body = read(said.message.encode("utf-8", "replace"))
    if not isinstance(body, dict):
        raise BodyInvalid("A notification of SES is one JSON object.")
    return list(_of_ses(body, said.message_id))[:EVENTS_MAX]


def _of_ses(body: dict[str, Any], notice_id: str) -> Iterator[Report]:
    what = _text(body, "notificationType") or _text(body, "eventType")
    mail = body.get("mail") if isinstance(body.get("mail"), dict) else {}
    detail = body.get(what.lower())
    detail = detail if isinstance(detail, dict) else {}
    for person in _people(what, detail, mail):  # type: ignore[arg-type]
        address = _text(person, "emailAddress")
        if not address:
            continue
        words, status, kind = _text(person, "diagnosticCode"), _text(person, "status"), None
        if what == "Bounce":
            # Its own classes are not believed where there is a code: 5.4.4 comes as "Transient".
            status, _, hard = bounces.judge(status=status, words=words)
            hard = hard if status or words else _text(detail, "bounceType") == "Permanent"
            kind = Kind.BOUNCED_HARD if hard else Kind.BOUNCED_SOFT
        else:
            kind = {
                **{"Complaint": Kind.COMPLAINED, "Delivery": Kind.DELIVERED, "Open": Kind.OPENED},
                **{"Click": Kind.CLICKED, "DeliveryDelay": Kind.DEFERRED},
            }.get(what)
        if kind is not None:
            yield Report(
                kind=kind,
                address=address,
                event_id=_digest(f"{notice_id}:{what}:{address}"),
                provider_id=_text(mail, "messageId"),  # type: ignore[arg-type]
                status=status,
                detail=(words or what)[:300],
            )


def _people(what: str, detail: dict[str, Any], mail: dict[str, Any]) -> list[dict[str, Any]]:
    name = {"Bounce": "bouncedRecipients", "Complaint": "complainedRecipients", "DeliveryDelay": "delayedRecipients"}
    found = detail.get(name.get(what, "recipients")) or (mail.get("destination") if what in {"Open", "Click"} else [])
    if not isinstance(found, list):
        return []
    return [each if isinstance(each, dict) else {"emailAddress": each} for each in found]


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name, "")
    return value if isinstance(value, str) else ""


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
