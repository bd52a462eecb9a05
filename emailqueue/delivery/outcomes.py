"""What an attempt means for a mail: who is done, who waits, and when it is tried again. Rows come and go as values."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.utils import timezone

from emailqueue import bounces
from emailqueue.delivery.rows import Event, Job, Person, Told
from emailqueue.models import Email, EmailRecipient, Suppression
from emailqueue.transmission import Result
from lib import ladder

# About two days for a server that says "later" each time: 1, 2, 4, ... minutes, then every four hours.
FIRST_SECONDS = 60.0
MOST_SECONDS = 4 * 3600.0
JITTER = 0.2
# Before it expires.
LAST_TRY_SECONDS = 10.0
DEFERRALS_MAX = 19
REPLY_MAX = 500

State = EmailRecipient.State
DONE = frozenset(State.taken())


@dataclass(kw_only=True)
class Outcome:
    state: str
    told: list[Told] = field(default_factory=list)
    next_at: datetime | None = None
    destination: str = ""
    deferred: bool = False
    # Addresses that a server called dead.
    dead: list[tuple[str, str]] = field(default_factory=list)


def next_attempt(deferrals: int, *, now: datetime, expires_at: datetime | None) -> datetime:
    """Return when a mail is tried again that was told "later" so many times.

    One that expires is tried a last time shortly before; after that it waits for its end.
    """
    seconds = ladder.wait(
        ladder.rung(deferrals, first=FIRST_SECONDS, factor=2, most=MOST_SECONDS),
        jitter=JITTER,
        draw=random.random(),  # noqa: S311
        left=(expires_at - now).total_seconds() - LAST_TRY_SECONDS if expires_at else None,
    )
    if seconds is None and expires_at:
        return expires_at
    return now + timedelta(seconds=seconds or 0.0)


def passed_over(people: Sequence[Person]) -> list[Told]:
    """Return what is recorded of those who must not be written to, or do not want to be."""
    told = []
    for person in people:
        if person.state != State.QUEUED:
            continue
        if person.suppressed:
            told.append(Told(id=person.id, address=person.address, state=State.SUPPRESSED, event=Event.SUPPRESSED))
        elif person.left:
            reply = "does not want this"
            told.append(
                Told(id=person.id, address=person.address, state=State.CANCELLED, event=Event.SUPPRESSED, reply=reply)
            )
    return told


def of_results(job: Job, people: Sequence[Person], results: Mapping[str, Result]) -> Outcome:
    """Return what becomes of a mail whose recipients were told these results."""
    told = passed_over(people)
    skipped = {each.id for each in told}
    late = job.deferrals + 1 > DEFERRALS_MAX
    dead: list[tuple[str, str]] = []
    for person in people:
        if person.state != State.QUEUED or person.id in skipped:
            continue
        result = results[person.address]
        told.append(_told(person, result, late=late))
        if result.final and bounces.is_dead(status=result.status, reply=result.reply):
            dead.append((person.address, result.reply))
    outcome = settled(job, people, told)
    outcome.dead = dead
    return outcome


def _told(person: Person, result: Result, *, late: bool) -> Told:
    if result.taken:
        state, event = State.SENT, Event.SENT
    elif result.final or late:
        state, event = State.FAILED, Event.REFUSED
    else:
        state, event = State.QUEUED, Event.DEFERRED
    return Told(
        id=person.id,
        address=person.address,
        state=state,
        event=event,
        status=result.status[:12],
        reply=result.reply[:REPLY_MAX],
        provider_id=result.provider_id,
    )


def settled(job: Job, people: Sequence[Person], told: Sequence[Told]) -> Outcome:
    """Return the state of the whole mail after what is told of its recipients."""
    now_of = {person.id: person.state for person in people} | {each.id: each.state for each in told if each.id}
    states = set(now_of.values())
    if State.QUEUED in states:
        waiting = next(person for person in people if now_of[person.id] == State.QUEUED)
        again = next_attempt(job.deferrals + 1, now=timezone.now(), expires_at=job.expires_at)
        return Outcome(
            state=Email.State.QUEUED,
            told=list(told),
            next_at=again,
            destination=waiting.address.rpartition("@")[2],
            deferred=True,
        )
    if states & DONE:
        state = Email.State.SENT
    elif State.SUPPRESSED in states:
        state = Email.State.HELD
    elif State.FAILED in states:
        state = Email.State.FAILED
    else:
        state = Email.State.CANCELLED
    return Outcome(state=state, told=list(told))


def suppress_dead(dead: Sequence[tuple[str, str]]) -> None:
    """Put addresses that a server called dead on the list, for good: also those that stand there until a day."""
    rows = [
        Suppression(address=address, reason=Suppression.Reason.BOUNCE, source=reply[:200]) for address, reply in dead
    ]
    Suppression.objects.bulk_create(rows, ignore_conflicts=True)
    for row in rows:
        Suppression.objects.filter(address=row.address, expires_at__isnull=False).update(
            reason=row.reason, source=row.source, created_at=row.created_at, expires_at=None, by=None
        )
