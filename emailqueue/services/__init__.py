"""Asking for mail: every mail of the hall begins here. The other modules are for what happens to it afterwards."""

import json
import secrets
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from emailqueue import addresses, drafts, links, rendering, tasks
from emailqueue.addresses import AddressInvalid
from emailqueue.drafts import Checked, Draft, DraftInvalid
from emailqueue.models import Attachment, Email
from emailqueue.rendering import TemplateInvalid
from emailqueue.services import statements


class MailError(Exception):
    """A rule of this app refused the request; the message is for the person."""


class MailRefused(MailError):
    """The mail cannot be sent as it is; `part` names what is wrong with it."""

    def __init__(self, part: str, message: str) -> None:
        super().__init__(message)
        self.part = part


class KeyConflict(MailError):
    """The key stands for another mail."""


def enqueue(*, draft: Draft | None = None, **mail: Any) -> Email:
    """Queue one mail inside the caller's transaction; `mail` are the fields of a Draft.

    With a key that is there already, return the mail that it stands for. Raise MailRefused or KeyConflict.
    """
    checked = _check(draft or Draft(**mail))
    with transaction.atomic(savepoint=False):
        found, is_new = _insert_one(checked)
        if is_new:
            _attach(found.pk, checked)
        ring()
    return found


def enqueue_many(*, mails: Sequence[Draft]) -> list[int]:
    """Queue mails inside the caller's transaction, all or none; return their ids in order.

    Raise MailRefused or KeyConflict.
    """
    if not mails:
        return []
    checked = [_check(draft) for draft in mails]
    # Several mails are one statement, and their files another: together they are one transaction.
    with transaction.atomic(savepoint=False):
        ids = _insert(checked)
        for email_id, each in zip(ids, checked, strict=True):
            if email_id in ids.fresh:
                _attach(email_id, each)
        ring()
    return list(ids)


class _Ids(list[int]):
    """Ids in order, and which of them were made now."""

    fresh: set[int]


def _check(draft: Draft) -> Checked:
    try:
        if draft.template and not (draft.html or draft.text):
            draft = _rendered(draft)
        return drafts.check(
            draft, default_sender=settings.DEFAULT_FROM_EMAIL, attachments_max=settings.EMAIL_ATTACHMENTS_MAX_BYTES
        )
    except DraftInvalid as error:
        raise MailRefused(error.part, str(error)) from error
    except AddressInvalid as error:
        raise MailRefused("to", str(error)) from error


def _rendered(draft: Draft) -> Draft:
    """Return the draft with what its template says, and for bulk the link at its foot."""
    variables = dict(draft.variables)
    if draft.bulk and len(draft.to) == 1:
        mailbox = addresses.parse(draft.to[0]).mailbox
        variables["unsubscribe_url"] = links.unsubscribe_url(address=mailbox, topic=draft.topic)
    try:
        found = rendering.render(template=draft.template, subject=draft.subject, variables=variables)
    except TemplateInvalid as error:
        raise DraftInvalid("variables", str(error)) from error
    return replace(draft, text=found.text, html=found.html)


def new_message_id() -> str:
    """Return a Message-ID of the hall, without its brackets."""
    return f"{secrets.token_hex(12)}@{settings.EMAIL_MESSAGE_ID_DOMAIN}"


def _attach(email_id: int, checked: Checked) -> None:
    files = [
        Attachment(email_id=email_id, name=file.name, content_type=file.content_type, content=file.content)
        for file in checked.draft.files
    ]
    if files:
        Attachment.objects.bulk_create(files)


def _insert_one(checked: Checked) -> tuple[Email, bool]:
    """Return the mail, read by the statement that made it, and whether it is new."""
    now = timezone.now()
    row = _row(checked, now.isoformat())
    made = list(Email.objects.raw(statements.WHOLE, [json.dumps([row]), now]))
    return (made[0], True) if made else (_same(checked, row["fingerprint"]), False)


def _insert(checked: Sequence[Checked]) -> _Ids:
    now = timezone.now()
    rows = [_row(each, now.isoformat()) for each in checked]
    with connection.cursor() as cursor:
        cursor.execute(statements.KEYS, [json.dumps(rows), now])
        made = {message_id: email_id for email_id, message_id in cursor.fetchall()}
    ids = _Ids()
    ids.fresh = set(made.values())
    for each, row in zip(checked, rows, strict=True):
        ids.append(made.get(row["message_id"]) or _same(each, row["fingerprint"]).pk)
    return ids


def _row(checked: Checked, now: str) -> dict[str, Any]:
    draft = checked.draft
    return {
        "kind": "bulk" if draft.bulk else "transactional",
        "topic": draft.topic,
        "priority": draft.priority,
        "key": draft.key or None,
        "fingerprint": checked.fingerprint().hex() if draft.key else None,
        "message_id": draft.message_id or new_message_id(),
        "sender": checked.sender,
        "destination": checked.destination,
        "subject": draft.subject,
        "text": draft.text,
        "html": draft.html,
        "headers": checked.headers,
        "template": draft.template,
        "variables": dict(draft.variables),
        "not_before_at": draft.not_before_at.isoformat() if draft.not_before_at else None,
        "expires_at": draft.expires_at.isoformat() if draft.expires_at else None,
        "next_attempt_at": draft.not_before_at.isoformat() if draft.not_before_at else now,
        "recipients": checked.recipients,
    }


def _same(checked: Checked, fingerprint: str) -> Email:
    """Return the mail that the key stands for; the other one's transaction has ended by now."""
    found = Email.objects.get(key=checked.draft.key)
    if bytes(found.fingerprint or b"").hex() != fingerprint:
        raise KeyConflict(f"The key {checked.draft.key} stands for another mail already.")
    return found


def ring() -> None:
    """Wake the workers after the commit, once for a transaction."""
    waiting = connection.run_on_commit
    if not waiting or waiting[-1][1] is not _rung:
        transaction.on_commit(_rung, robust=True)


def _rung() -> None:
    # A lost ring only delays the mail until the next sweep.
    tasks.deliver_mail.delay()
