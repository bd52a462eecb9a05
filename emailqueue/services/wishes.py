"""What people want to get: topics they left, and whether it may be noted that they opened a mail."""

from collections.abc import Collection, Iterable
from typing import Any

from django.conf import settings
from django.db import transaction

from emailqueue import addresses, links
from emailqueue.models import Consent, Email, EmailEvent, OptOut
from emailqueue.services import MailError


class TopicUnknown(MailError):
    """There is no such topic."""


@transaction.atomic(savepoint=False)
def unsubscribe(*, token: str, source: str = "link", everything: bool = False) -> tuple[str, str]:
    """Stop what the link is about, at once; return the address and the topic. Raise links.LinkInvalid."""
    address, topic = links.read_unsubscribe_token(token)
    topic = OptOut.EVERYTHING if everything else topic
    leave(address=address, topic=topic, source=source)
    return address, topic


@transaction.atomic(savepoint=False)
def leave(*, address: str, topic: str, source: str) -> bool:
    """Note that an address does not want a topic; return False when that was known."""
    address = addresses.as_written_to(address)
    _, is_new = OptOut.objects.get_or_create(address=address, topic=topic, defaults={"source": source})
    if is_new:
        email_id = (
            Email.objects.filter(recipients__address=address, kind=Email.Kind.BULK)
            .order_by("-pk")
            .values_list("pk", flat=True)
            .first()
        )
        if email_id:
            words = topic or "everything"
            EmailEvent.objects.create(
                email_id=email_id, kind=EmailEvent.Kind.UNSUBSCRIBED, address=address, detail=f"{words}, by {source}"
            )
    return is_new


@transaction.atomic(savepoint=False)
def choose(*, address: str, wanted: Collection[str], everything_off: bool, noted: bool, source: str) -> None:
    """Set which topics an address gets, and whether opening is noted. Raise TopicUnknown."""
    address = addresses.as_written_to(address)
    unknown = set(wanted) - set(settings.EMAIL_TOPICS)
    if unknown:
        raise TopicUnknown(f"There is no topic {sorted(unknown)[0][:40]}.")
    OptOut.objects.filter(address=address, topic__in=[*wanted] if everything_off else [*wanted, ""]).delete()
    if everything_off:
        leave(address=address, topic=OptOut.EVERYTHING, source=source)
    for topic in settings.EMAIL_TOPICS:
        if topic not in wanted:
            leave(address=address, topic=topic, source=source)
    if noted:
        Consent.objects.get_or_create(address=address)
    else:
        Consent.objects.filter(address=address).delete()


def wishes(*, address: str) -> dict[str, Any]:
    """Return what an address gets: `topics` by name, `everything_off`, and `noted`."""
    address = addresses.as_written_to(address)
    left = set(OptOut.objects.filter(address=address).values_list("topic", flat=True))
    return {
        "topics": {topic: topic not in left for topic in settings.EMAIL_TOPICS},
        "everything_off": OptOut.EVERYTHING in left,
        "noted": Consent.objects.filter(address=address).exists(),
    }


def consenting(*, mailboxes: Iterable[str]) -> set[str]:
    """Return those who agreed that it is noted when they open a mail."""
    return set(Consent.objects.filter(address__in=list(mailboxes)).values_list("address", flat=True))
