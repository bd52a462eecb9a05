"""Django's way into the queue: EMAIL_BACKEND = "emailqueue.backend.QueueBackend".

Everything that uses Django's mail API (Django itself, allauth, the apps below) queues in the transaction that it is in.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from email.mime.base import MIMEBase
from email.utils import parsedate_to_datetime
from typing import Any

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from emailqueue import services
from emailqueue.composition import File
from emailqueue.drafts import OWN_HEADERS, Draft

FALLBACK_TYPE = "application/octet-stream"


class QueueBackend(BaseEmailBackend):
    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Queue the mails; those to nobody are passed over, as Django's own backends do."""
        mails = [_draft(message) for message in email_messages if message.recipients()]
        try:
            return len(services.enqueue_many(mails=mails))
        except services.MailError:
            if not self.fail_silently:
                raise
            return 0


def _draft(message: EmailMessage) -> Draft:
    """Return a message of Django's as a draft; its own headers may name the sender and the Message-ID."""
    extra = {name.lower(): (name, str(value)) for name, value in message.extra_headers.items()}
    is_html = message.content_subtype == "html"
    text, html, files = ("", message.body, []) if is_html else (message.body, "", [])
    for content, kind in getattr(message, "alternatives", ()):
        if kind == "text/html" and not html:
            html = content
        else:
            files.append(File("", kind, content if isinstance(content, bytes) else str(content).encode()))
    return Draft(
        to=message.to,
        cc=message.cc,
        bcc=message.bcc,
        reply_to=message.reply_to,
        sender=extra.get("from", ("", message.from_email))[1],
        subject=str(message.subject),
        text=str(text),
        html=str(html),
        headers={name: value for lower, (name, value) in extra.items() if lower not in OWN_HEADERS},
        files=[*files, *map(_file, message.attachments)],
        expires_at=_moment(extra.get("expires", ("", ""))[1]),
        message_id=extra.get("message-id", ("", ""))[1].strip("<> "),
    )


def _moment(text: str) -> datetime | None:
    """Read the Expires field (RFC 4021): a mail that is not out by then stays."""
    try:
        found = parsedate_to_datetime(text) if text else None
    except ValueError:
        return None
    return found if found is None or found.tzinfo else found.replace(tzinfo=UTC)


def _file(attachment: Any) -> File:
    if isinstance(attachment, MIMEBase):
        content = attachment.get_payload(decode=True)
        return File(
            attachment.get_filename() or "",
            attachment.get_content_type(),
            content if isinstance(content, bytes) else b"",
        )
    name, content, kind = attachment
    raw = content if isinstance(content, bytes) else str(content).encode()
    return File(name or "", kind or FALLBACK_TYPE, raw)
