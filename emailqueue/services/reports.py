"""What comes back: returned mails, complaints, and the reports of providers, each taken in once."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog
from django.db import transaction
from django.utils import timezone

from emailqueue import addresses, bounces, links
from emailqueue.addresses import AddressInvalid
from emailqueue.models import Email, EmailEvent, EmailRecipient, ProviderEvent, Suppression
from emailqueue.services import wishes

log = structlog.get_logger(__name__)

Kind = EmailEvent.Kind
State = EmailRecipient.State
# What a recipient's state becomes; a state further down this list is never left for one further up.
RANKS = {State.SENT: 1, State.DELIVERED: 2, State.BOUNCED: 3, State.COMPLAINED: 4}
BECOMES = {
    Kind.DELIVERED: State.DELIVERED,
    Kind.BOUNCED_HARD: State.BOUNCED,
    Kind.BOUNCED_SOFT: State.BOUNCED,
    Kind.COMPLAINED: State.COMPLAINED,
}
# So many soft bounces within this time put an address on the list, for as long.
SOFT_MAX = 5
SOFT_SPAN = timedelta(days=30)
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
NEEDS_CONSENT = {Kind.OPENED, Kind.CLICKED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a provider, or a returned mail, says of one recipient."""

    kind: EmailEvent.Kind
    address: str
    event_id: str = ""
    provider_id: str = ""
    message_id: str = ""
    email_id: int | None = None
    status: str = ""
    detail: str = ""


def take_reports(*, source: str, reports: Iterable[Report]) -> int:
    """Take in what is new of these; return how many changed something. Each is a transaction of its own."""
    return sum(_taken(source, _storable(report)) for report in reports)


def _storable(report: Report) -> Report:
    """Return the report with a mark in the place of each sign that text in Postgres cannot hold."""
    return replace(
        report,
        address=_text(report.address),
        event_id=_text(report.event_id),
        provider_id=_text(report.provider_id),
        message_id=_text(report.message_id),
        status=_text(report.status),
        detail=_text(report.detail),
    )


def _text(given: str) -> str:
    return UNSTORABLE.sub("\ufffd", given)


@transaction.atomic(durable=True)
def _taken(source: str, report: Report) -> bool:
    if report.event_id:
        _, is_new = ProviderEvent.objects.get_or_create(provider=source, event_id=report.event_id[:255])
        if not is_new:
            return False
    try:
        address = addresses.mailbox_of(report.address)
    except AddressInvalid:
        return False
    if report.kind in NEEDS_CONSENT and not wishes.consenting(mailboxes=[address]):
        return False
    recipient = _recipient(report, address)
    if report.kind == Kind.UNSUBSCRIBED:
        topic = recipient.email.topic if recipient else ""
        wishes.leave(address=address, topic=topic, source=source)
        return True
    if recipient is not None:
        EmailEvent.objects.create(
            email_id=recipient.email_id,
            kind=report.kind,
            address=address,
            status=report.status[:12],
            detail=f"{source}: {report.detail}"[:500],
        )
        _move(recipient, report)
    if report.kind in (Kind.BOUNCED_HARD, Kind.COMPLAINED) and recipient is not None:
        reason = Suppression.Reason.BOUNCE if report.kind == Kind.BOUNCED_HARD else Suppression.Reason.COMPLAINT
        _list(address, reason, f"{source}: {report.detail}"[:200])
    elif report.kind == Kind.BOUNCED_SOFT and recipient is not None and _bounces_on(address):
        _rest(address, f"{source}: {report.detail}"[:200])
    return recipient is not None


def _bounces_on(address: str) -> bool:
    """Tell whether this address sent back one mail after the other of late."""
    lately = timezone.now() - SOFT_SPAN
    bounced = EmailRecipient.objects.filter(address=address, state=State.BOUNCED, changed_at__gt=lately)
    return bounced.count() >= SOFT_MAX


def _recipient(report: Report, address: str) -> EmailRecipient | None:
    """Find whom it is about: by the mail that the return path named, the provider's id or the Message-ID.

    Nobody is suppressed on the word of a report that fits no mail of ours.
    """
    people = EmailRecipient.objects.select_related("email")
    if report.email_id:
        found = list(people.filter(email=report.email_id)[:2])
        exact = people.filter(email=report.email_id, address=address).first()
        # A mail to one person came back: whatever address a forward gave them, it is theirs.
        return exact or (found[0] if len(found) == 1 else None)
    if report.provider_id:
        exact = people.filter(provider_id=report.provider_id, address=address).order_by("-pk").first()
        if exact is not None:
            return exact
    if report.message_id:
        return people.filter(email__message_id=report.message_id.strip("<> "), address=address).first()
    return None


def _move(recipient: EmailRecipient, report: Report) -> None:
    """Give the recipient the state that the report means, unless they are in a graver one: also by now."""
    becomes = BECOMES.get(report.kind)
    if becomes is None:
        return
    lighter = [state for state, rank in RANKS.items() if rank < RANKS[becomes]]
    EmailRecipient.objects.filter(pk=recipient.pk, state__in=lighter).update(
        state=becomes, changed_at=timezone.now(), status=report.status[:12], reply=report.detail[:500]
    )


def _list(address: str, reason: Suppression.Reason, source: str) -> None:
    Suppression.objects.update_or_create(
        address=address, defaults={"reason": reason, "source": source, "expires_at": None}
    )


def _rest(address: str, source: str) -> None:
    """Leave an address alone for a while, unless it is on the list already; a row whose time is over begins anew."""
    now = timezone.now()
    fields = {"reason": Suppression.Reason.SOFT, "source": source, "created_at": now, "expires_at": now + SOFT_SPAN}
    _, is_new = Suppression.objects.get_or_create(address=address, defaults=fields)
    if not is_new:
        Suppression.objects.ended(now).filter(address=address).update(**fields, by=None)


def take_bounce(*, raw: bytes, return_path: str = "", source: str = "bounce") -> int:
    """Take in a mail that came to the bounce address; return how many recipients it was about."""
    email_id = links.email_id_of(return_path) if return_path else None
    message_id = "" if email_id else _returned_message_id(raw)
    found = [
        Report(
            kind=Kind.BOUNCED_HARD if bounce.hard else Kind.BOUNCED_SOFT,
            address=_theirs(email_id, bounce.recipient),
            email_id=email_id,
            message_id=message_id,
            status=bounce.status,
            detail=bounce.reason,
        )
        for bounce in bounces.classify(raw)
    ]
    found += [
        Report(kind=Kind.COMPLAINED, address=address, email_id=email_id, message_id=message_id, detail="complaint")
        for address in bounces.complained(raw)
    ]
    taken = take_reports(source=source, reports=found)
    log.info("mail_came_back", source=source, known=bool(email_id or message_id), recipients=len(found), taken=taken)
    return taken


def _theirs(email_id: int | None, address: str) -> str:
    """Return the address that we wrote to, when the report names where that was forwarded to."""
    if email_id is None:
        return address
    people = list(EmailRecipient.objects.filter(email=email_id).values_list("address", flat=True)[:2])
    return people[0] if len(people) == 1 else address


def _returned_message_id(raw: bytes) -> str:
    """Return the newest of our Message-IDs that the mail quotes, or nothing."""
    for candidate in bounces.quoted_message_ids(raw):
        if Email.objects.filter(message_id=candidate).exists():
            return candidate
    return ""


def names_a_mail(*, return_path: str) -> bool:
    """Tell whether a return path is one that the hall made."""
    return links.email_id_of(return_path) is not None
