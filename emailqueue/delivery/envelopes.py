"""A claimed mail as the bytes that go out."""

from django.conf import settings

from emailqueue import composition, links, signatures
from emailqueue.delivery import rows
from emailqueue.delivery.rows import Job


def content_of(job: Job, *, address: str) -> bytes:
    """Return the message; a bulk mail carries the one-click link of its one recipient (RFC 8058)."""
    headers = [(name, value) for name, value in job.headers]
    headers += [
        ("Subject", job.subject),
        ("Date", composition.date(job.created_at)),
        ("Message-ID", f"<{job.message_id}>"),
    ]
    if job.is_bulk:
        url = links.unsubscribe_url(address=address, topic=job.topic)
        headers += [("List-Unsubscribe", f"<{url}>"), ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")]
    else:
        # RFC 3834: no vacation answers to machines.
        headers.append(("Auto-Submitted", "auto-generated"))
    content = composition.compose(
        headers=headers, message_id=job.message_id, text=job.text, html=job.html, files=rows.files_of(job)
    )
    if settings.EMAIL_DKIM_KEY:
        signed = signatures.sign(
            content,
            domain=settings.EMAIL_DKIM_DOMAIN,
            selector=settings.EMAIL_DKIM_SELECTOR,
            pem=settings.EMAIL_DKIM_KEY,
        )
        return signed + content
    return content


def return_path_of(job: Job) -> str:
    return links.return_path(email_id=job.id, sender=job.sender)
