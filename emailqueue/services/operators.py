"""What operators may do to a mail and to the suppression list; each act is written down."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from emailqueue import addresses, tasks
from emailqueue.models import Email, EmailEvent, EmailRecipient, MailAct, Suppression
from emailqueue.services import MailError, new_message_id, ring
from sessions_app.models import User

State = Email.State
Person = EmailRecipient.State


class TooLate(MailError):
    """The mail is in a state in which this cannot be done any more."""


class ContentGone(MailError):
    """The content of the mail was deleted, or the mail with it."""


def _locked(email_id: int) -> Email:
    email = Email.objects.select_for_update(no_key=True).filter(pk=email_id).first()
    if email is None:
        raise ContentGone("This mail was deleted.")
    return email


def _tell(email: Email, kind: EmailEvent.Kind, detail: str, addresses: list[str] | None = None) -> None:
    EmailEvent.objects.bulk_create(
        [EmailEvent(email=email, kind=kind, detail=detail[:500], address=each) for each in addresses or [""]]
    )


@transaction.atomic(durable=True)
def cancel(*, email_id: int, by: User, reason: str) -> Email:
    """Take a mail that waits out of the queue. Raise TooLate or ContentGone."""
    email = _locked(email_id)
    if email.state not in (State.QUEUED, State.HELD):
        raise TooLate(f"This mail is {email.get_state_display()}: only one that waits can be cancelled.")
    email.state, email.finished_at = State.CANCELLED, timezone.now()
    if email.recipients.filter(state__in=Person.taken()).exists():
        email.state = State.SENT
    email.save(update_fields=["state", "finished_at"])
    email.recipients.filter(state__in=(Person.QUEUED, Person.SUPPRESSED)).update(
        state=Person.CANCELLED, changed_at=email.finished_at
    )
    _tell(email, EmailEvent.Kind.CANCELLED, f"by {by}: {reason}")
    MailAct.objects.create(kind=MailAct.Kind.CANCEL, by=by, reason=reason, email_id=email.pk)
    return email


@transaction.atomic(durable=True)
def resend(*, email_id: int, by: User | None, reason: str, only: str = "") -> Email:
    """Send a mail that is over once more, to all of its recipients or to one, under a Message-ID of its own.

    Suppressed addresses and those who left its topic are passed over as ever. What expired is not sent: it proves who
    somebody is, or it is no use any more. Raise TooLate or ContentGone.
    """
    email = _locked(email_id)
    if email.state in (State.QUEUED, State.SENDING, State.HELD):
        raise TooLate(f"This mail is {email.get_state_display()}: it is on its way.")
    if email.purged_at:
        raise ContentGone("The content of this mail was deleted, so that it cannot be sent again.")
    now = timezone.now()
    if email.expires_at and email.expires_at <= now:
        raise TooLate("What this mail says was of use for a while, and that is over: it has to be asked for anew.")
    people = email.recipients.filter(address=only) if only else email.recipients.exclude(state=Person.CANCELLED)
    going = list(people.values_list("address", flat=True))
    if not going:
        raise TooLate("There is nobody left whom this mail could go to.")
    people.update(state=Person.QUEUED, status="", reply="", provider_id="", changed_at=now)
    # Whoever has it under the old one would hide a second copy of the same name.
    email.message_id = new_message_id()
    email.state, email.finished_at, email.next_attempt_at, email.deferrals = State.QUEUED, None, now, 0
    email.destination = going[0].rpartition("@")[2]
    email.save(
        update_fields=["message_id", "state", "finished_at", "next_attempt_at", "deferrals", "destination"],
    )
    _tell(email, EmailEvent.Kind.REQUEUED, f"by {by or 'a command'}: {reason}", going)
    MailAct.objects.create(kind=MailAct.Kind.RESEND, by=by, reason=reason, email_id=email.pk, address=only)
    ring()
    return email


@transaction.atomic(durable=True)
def hasten(*, email_id: int) -> bool:
    """Let a mail that waits for its next attempt be due now; return False when it does not wait."""
    found = Email.objects.filter(pk=email_id, state=State.QUEUED).update(next_attempt_at=timezone.now())
    if found:
        ring()
    return bool(found)


@transaction.atomic(durable=True)
def suppress(*, address: str, by: User | None, reason: str, expires_at: datetime | None = None) -> Suppression:
    """Put an address on the list by hand, or renew what stands there. Raise addresses.AddressInvalid."""
    mailbox = addresses.mailbox_of(address)
    row, _ = Suppression.objects.update_or_create(
        address=mailbox,
        defaults={
            **{"reason": Suppression.Reason.MANUAL, "source": reason[:200], "created_at": timezone.now()},
            **{"expires_at": expires_at, "by": by},
        },
    )
    MailAct.objects.create(kind=MailAct.Kind.SUPPRESS, by=by, reason=reason, address=mailbox)
    return row


@transaction.atomic(durable=True)
def unsuppress(*, suppression_id: int, by: User | None, reason: str) -> int:
    """Take an address off the list; return how many mails that were held for it go out now."""
    row = Suppression.objects.select_for_update(no_key=True).filter(pk=suppression_id).first()
    if row is None:
        return 0
    row.delete()
    MailAct.objects.create(kind=MailAct.Kind.UNSUPPRESS, by=by, reason=reason, address=row.address)
    return _release_held(row.address)


@transaction.atomic(durable=True)
def release(*, email_id: int, by: User, reason: str) -> bool:
    """Let a held mail go, to those of its recipients who are not on the list any more; return False for nobody.

    Raise ContentGone.
    """
    email = _locked(email_id)
    if email.state != State.HELD or not _free(email):
        return False
    MailAct.objects.create(kind=MailAct.Kind.RELEASE, by=by, reason=reason, email_id=email.pk)
    return True


def _release_held(address: str) -> int:
    held = Email.objects.filter(state=State.HELD, recipients__address=address, recipients__state=Person.SUPPRESSED)
    return sum(map(_free, held.select_for_update(of=("self",), no_key=True).order_by("pk")))


def _free(email: Email) -> bool:
    if not tasks.upkeep.free(email):
        return False
    ring()
    return True
