"""What the delivery asks of Postgres and tells it: claim, last look, record. Each is one short transaction."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from emailqueue.composition import File
from emailqueue.models import Attachment, Email, EmailEvent, EmailRecipient

# `attempts` is the fence: a worker that was slow finds another number.
CLAIM = """
WITH due AS (
  SELECT id FROM emailqueue_email
  WHERE state = 'queued' AND kind = %(kind)s AND next_attempt_at <= %(now)s
    AND (expires_at IS NULL OR expires_at > %(now)s) AND destination <> ALL(%(busy)s)
  ORDER BY priority, next_attempt_at LIMIT %(limit)s FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE emailqueue_email AS email SET state = 'sending', attempts = attempts + 1, lease_expires_at = %(lease)s
FROM due, (SELECT set_config('synchronous_commit', 'off', true)) AS unhurried
WHERE email.id = due.id
RETURNING email.id, attempts, kind, topic, priority, next_attempt_at, message_id, sender, destination, subject, text,
  html, headers, created_at, expires_at, deferrals,
  EXISTS (SELECT FROM emailqueue_attachment WHERE email_id = email.id),
  (SELECT json_agg(json_build_array(person.id, person.address, person.state,
    EXISTS (SELECT FROM emailqueue_suppression AS listed WHERE listed.address = person.address
      AND (listed.expires_at IS NULL OR listed.expires_at > %(now)s)),
    kind = 'bulk' AND EXISTS (SELECT FROM emailqueue_optout AS left_ WHERE left_.address = person.address
      AND left_.topic IN ('', email.topic))
   ) ORDER BY person.id) FROM emailqueue_emailrecipient AS person WHERE person.email_id = email.id)
"""
LOOK = """
SELECT person.id, person.address, person.state,
  EXISTS (SELECT FROM emailqueue_suppression AS listed WHERE listed.address = person.address
    AND (listed.expires_at IS NULL OR listed.expires_at > %(now)s)),
  %(kind)s = 'bulk' AND EXISTS (SELECT FROM emailqueue_optout AS left_ WHERE left_.address = person.address
    AND left_.topic IN ('', %(topic)s))
FROM emailqueue_emailrecipient AS person
JOIN emailqueue_email AS email ON email.id = person.email_id
WHERE person.email_id = %(id)s AND email.state = 'sending' AND email.attempts = %(attempts)s
ORDER BY person.id
"""
# What a server took is a fact, also when the lease is lost by now: whoever sends next must not write to them again.
RECORD = """
WITH told AS (
  SELECT * FROM json_to_recordset(%(told)s::json) AS x(
    id bigint, address text, state text, status text, reply text, provider_id text, event text)
), people AS (
  UPDATE emailqueue_emailrecipient AS person
  SET state = told.state, status = told.status, reply = told.reply, provider_id = told.provider_id, changed_at = %(now)s
  FROM told WHERE person.id = told.id AND person.state = 'queued'
), story AS (
  INSERT INTO emailqueue_emailevent (email_id, at, kind, address, status, detail)
  SELECT %(id)s, %(now)s, event, address, status, reply FROM told
), mine AS (
  UPDATE emailqueue_email SET state = %(state)s, lease_expires_at = NULL, finished_at = %(finished)s,
    next_attempt_at = %(next)s, destination = %(destination)s, deferrals = deferrals + %(deferred)s
  FROM (SELECT set_config('synchronous_commit', coalesce(%(commit)s, current_setting('synchronous_commit')), true)) AS c
  WHERE id = %(id)s AND attempts = %(attempts)s AND state = 'sending'
  RETURNING id
)
SELECT count(*) FROM mine
"""


BELIEVED = timedelta(seconds=0.5)


@dataclass(frozen=True, slots=True)
class Job:
    """A claimed mail."""

    id: int
    attempts: int
    kind: str
    topic: str
    priority: int
    due_at: datetime
    message_id: str
    sender: str
    destination: str
    subject: str
    text: str
    html: str
    headers: list[list[str]]
    created_at: datetime
    expires_at: datetime | None
    deferrals: int
    has_files: bool
    # As they were when it was claimed.
    people: "list[Person]"
    claimed_at: datetime

    @property
    def is_bulk(self) -> bool:
        return self.kind == Email.Kind.BULK


@dataclass(frozen=True, slots=True)
class Person:
    """A recipient at the last look."""

    id: int
    address: str
    state: str
    suppressed: bool
    left: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What is recorded of one recipient; without an id only the story is."""

    id: int | None
    address: str
    state: str
    event: str
    status: str = ""
    reply: str = ""
    provider_id: str = ""


def lease() -> timedelta:
    return timedelta(seconds=settings.EMAIL_LEASE_SECONDS)


def claim(*, bulk: bool, limit: int, busy: Sequence[str] = ()) -> list[Job]:
    """Take mails that are due and that nobody else has, but none to a busy domain; the first in line come first."""
    now = timezone.now()
    kind = Email.Kind.BULK if bulk else Email.Kind.TRANSACTIONAL
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, {"kind": kind, "now": now, "busy": list(busy), "limit": limit, "lease": now + lease()})
        found: list[list[Any]] = [
            [*row[:12], _json(row[12]), *row[13:-1], [Person(*each) for each in _json(row[-1])], now]
            for row in cursor.fetchall()
        ]
    return sorted((Job(*each) for each in found), key=lambda job: (job.priority, job.due_at, job.id))


def _json(found: Any) -> Any:
    # A raw cursor of Django leaves JSON as text.
    return json.loads(found) if isinstance(found, str) else found


def look(job: Job) -> list[Person]:
    """Return the recipients as they are now; none when the mail is not this worker's any more.

    A claim of the last half second saw them, and is believed: that is how long "at once" may take.
    """
    if timezone.now() - job.claimed_at < BELIEVED:
        return job.people
    asked: dict[str, Any] = {
        **{"id": job.id, "attempts": job.attempts, "kind": job.kind, "topic": job.topic},
        "now": timezone.now(),
    }
    with connection.cursor() as cursor:
        cursor.execute(LOOK, asked)
        return [Person(*row) for row in cursor.fetchall()]


def files_of(job: Job) -> list[File]:
    rows = Attachment.objects.filter(email=job.id).order_by("pk") if job.has_files else ()
    return [File(row.name, row.content_type, bytes(row.content)) for row in rows]


def record(
    job: Job,
    *,
    state: str,
    told: Sequence[Told],
    next_at: datetime | None = None,
    destination: str = "",
    deferred: bool = False,
) -> bool:
    """Write down what became of an attempt; return False when the mail was somebody else's by then."""
    now = timezone.now()
    over = state not in (Email.State.QUEUED, Email.State.HELD)
    rows = [
        {
            **{"id": each.id, "address": each.address, "state": each.state, "status": each.status},
            **{"reply": each.reply, "provider_id": each.provider_id, "event": each.event},
        }
        for each in told
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            RECORD,
            {
                **{"id": job.id, "attempts": job.attempts, "told": json.dumps(rows), "now": now, "state": state},
                **{"finished": now if over else None, "next": next_at or job.due_at},
                **{"destination": destination or job.destination, "deferred": int(deferred)},
                # A crash of the database's machine may repeat bulk mails of its last moment; it loses none.
                "commit": "off" if job.is_bulk else None,
            },
        )
        return bool(cursor.fetchone()[0])


def give_back(jobs: Sequence[Job], *, until: datetime | None = None) -> None:
    """Return claimed mails that were not begun; it counts as no attempt against them."""
    for job in jobs:
        Email.objects.filter(pk=job.id, attempts=job.attempts, state=Email.State.SENDING).update(
            state=Email.State.QUEUED, lease_expires_at=None, next_attempt_at=until or job.due_at
        )


RECOVER = """
WITH lost AS (
  SELECT id FROM emailqueue_email WHERE state = 'sending' AND lease_expires_at <= %(now)s
  ORDER BY lease_expires_at LIMIT 500 FOR NO KEY UPDATE SKIP LOCKED
), freed AS (
  UPDATE emailqueue_email AS email SET state = 'queued', lease_expires_at = NULL, next_attempt_at = %(now)s
  FROM lost WHERE email.id = lost.id RETURNING email.id
), story AS (
  INSERT INTO emailqueue_emailevent (email_id, at, kind, address, status, detail)
  SELECT id, %(now)s, 'abandoned', '', '', '' FROM freed
)
SELECT count(*) FROM freed
"""
EXPIRE = """
WITH late AS (
  SELECT id FROM emailqueue_email WHERE state IN ('queued', 'held') AND expires_at <= %(now)s
  ORDER BY expires_at LIMIT 500 FOR NO KEY UPDATE SKIP LOCKED
), over AS (
  UPDATE emailqueue_email AS email SET finished_at = %(now)s, state = CASE WHEN EXISTS (
    SELECT FROM emailqueue_emailrecipient
    WHERE email_id = email.id AND state IN ('sent', 'delivered', 'bounced', 'complained')
  ) THEN 'sent' ELSE 'expired' END
  FROM late WHERE email.id = late.id RETURNING email.id
), people AS (
  UPDATE emailqueue_emailrecipient SET state = 'expired', changed_at = %(now)s
  FROM over WHERE email_id = over.id AND state IN ('queued', 'suppressed')
), story AS (
  INSERT INTO emailqueue_emailevent (email_id, at, kind, address, status, detail)
  SELECT id, %(now)s, 'expired', '', '', '' FROM over
)
SELECT count(*) FROM over
"""


def recover() -> int:
    """Put mails whose worker ended back in line; return how many."""
    return _swept(RECOVER)


def expire() -> int:
    """End the wait of mails that would come too late; return how many."""
    return _swept(EXPIRE)


def _swept(statement: str) -> int:
    total = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(statement, {"now": timezone.now()})
            found = int(cursor.fetchone()[0])
        total += found
        if found < 500:
            return total


QUEUED, SENT = EmailRecipient.State.QUEUED, EmailRecipient.State.SENT
Event = EmailEvent.Kind
