"""Mail that was asked for, to whom, and what became of it.

Invariants:

1. A mail exists if and only if the transaction that asked for it committed.
2. No mail is lost by any crash; a duplicate can come only from a crash between the server's `250` and our commit, and
   carries the same Message-ID.
3. One slow or dead destination does not delay the others; bulk does not delay transactional mail.
4. A suppressed address is not written to; unsubscribing takes effect at once.
"""

from emailqueue.models.mails import Attachment, Email, EmailQuerySet, EmailRecipient
from emailqueue.models.stories import EmailEvent, MailAct, ProviderEvent
from emailqueue.models.wishes import Consent, OptOut, Suppression

__all__ = [
    "Attachment",
    "Consent",
    "Email",
    "EmailEvent",
    "EmailQuerySet",
    "EmailRecipient",
    "MailAct",
    "OptOut",
    "ProviderEvent",
    "Suppression",
]
