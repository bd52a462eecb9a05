"""Reservations, made together: whoever comes while another is at the accounts is served by the next one to go there.

The lock of a hot account is held across one round of statements, however many wait for it; so waiting makes the
rounds larger and not longer (docs/adr/0020). Nothing is kept between rounds: a process that dies loses only those
who were waiting in it, and accounts are judged under their locks in Postgres, whatever other processes do.
"""

import threading
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from idempotency.services import letting_go
from quotas import allowance, resources
from quotas.models import Account, Grant
from quotas.services import ledger, statements
from quotas.services.errors import QuotaError
from quotas.services.limits import open_accounts, renew_limits

MOST_AT_ONCE = 128


@dataclass(slots=True, eq=False)
class Ticket:
    """One who waits: what is wished, and what became of it."""

    user_id: int
    key: str
    resource: str
    amount: int
    objects: int
    lease: timedelta
    done: bool = False
    grant: Grant | None = None
    error: Exception | None = None
    accounts: list[int] = field(default_factory=list)
    object_accounts: list[int] = field(default_factory=list)
    # Set when it is done, or when it is the turn of its thread to serve those who wait.
    called: threading.Event = field(default_factory=threading.Event)

    @property
    def wish(self) -> allowance.Wish:
        return allowance.Wish(
            dict.fromkeys(self.accounts, self.amount) | dict.fromkeys(self.object_accounts, self.objects)
        )


class Counter:
    """Where tickets are served: one round at a time in each process.

    Whoever comes while nobody serves does; the others wait. Who has served calls those whose tickets are done, and the
    first of those who came meanwhile to serve the next round: nobody queues for a lock to learn that they are done.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: deque[Ticket] = deque()
        self._is_served = False

    def serve(self, ticket: Ticket) -> None:
        """Return when the ticket is done, by this thread or by one that came before."""
        if connection.in_atomic_block:
            # What is granted here stands or falls with the caller's transaction: nobody else's may.
            _round([ticket])
            return
        if self._must_wait(ticket):
            ticket.called.wait()
        if not ticket.done:
            self._serve_those_who_wait()

    def _must_wait(self, ticket: Ticket) -> bool:
        with self._lock:
            self._waiting.append(ticket)
            was_served, self._is_served = self._is_served, True
            return was_served

    def _serve_those_who_wait(self) -> None:
        with self._lock:
            tickets = [self._waiting.popleft() for _ in range(min(len(self._waiting), MOST_AT_ONCE))]
        try:
            # Without this thread's idempotency claim: the round is not its alone, and a held grant is no effect.
            with letting_go():
                _serve(tickets)
        finally:
            with self._lock:
                following = self._waiting[0] if self._waiting else None
                self._is_served = following is not None
            for ticket in (*tickets, following) if following else tickets:
                ticket.called.set()


counter = Counter()


def _serve(tickets: list[Ticket]) -> None:
    """Serve all; when the round as a whole fails, each alone, so that nobody fails for another's fault."""
    try:
        _round(tickets)
    except DatabaseError as error:
        for ticket in tickets:
            _alone(ticket, error if len(tickets) == 1 else None)
    finally:
        for ticket in tickets:
            ticket.done = True


def _alone(ticket: Ticket, error: DatabaseError | None) -> None:
    ticket.error = error
    if error is None and ticket.grant is None:
        try:
            _round([ticket])
        except DatabaseError as own:
            ticket.error = own


def _round(tickets: Sequence[Ticket]) -> None:
    """Decide all tickets in one transaction, or in the caller's."""
    hurry = None if connection.in_atomic_block else "off"
    _quickly(tickets, hurry)
    tickets = [ticket for ticket in tickets if ticket.grant is None]
    for _ in range(3 if tickets else 0):
        with transaction.atomic(savepoint=False):
            now = timezone.now()
            if _find_accounts(tickets, now, hurry):
                return
        users, slugs = {ticket.user_id for ticket in tickets}, _slugs(tickets)
        open_accounts(user_ids=users, slugs=slugs, now=now)
    for ticket in tickets:
        ticket.error = QuotaError("There is no such person.")


def _quickly(tickets: Sequence[Ticket], hurry: str | None) -> None:
    """Grant all in one statement where all fit; what is not granted so is decided with care."""
    now, slugs = timezone.now(), sorted(_slugs(tickets))
    with connection.cursor() as cursor:
        cursor.execute(
            statements.CALL,
            {
                "user_ids": [ticket.user_id for ticket in tickets],
                "keys": [ticket.key for ticket in tickets],
                "slugs": [ticket.resource for ticket in tickets],
                "amounts": [ticket.amount for ticket in tickets],
                "objects": [ticket.objects for ticket in tickets],
                "leases": [now + ticket.lease for ticket in tickets],
                "resources": slugs,
                "windows": [resources.named(slug).window_on(now) for slug in slugs],
                "users": sorted({ticket.user_id for ticket in tickets}),
                "now": now,
                "hurry": hurry,
            },
        )
        made = {(row[1], row[2]): row for row in cursor.fetchall()}
    for ticket in tickets:
        found = made.pop((ticket.user_id, ticket.key), None)
        if found:
            ticket.accounts, ticket.object_accounts = found[3], found[4]
            ticket.grant = _granted(ticket, found[0], now)


def _granted(ticket: Ticket, pk: int, now: datetime) -> Grant:
    return Grant(
        pk=pk,
        user_id=ticket.user_id,
        key=ticket.key,
        resource=ticket.resource,
        amount=ticket.amount,
        objects_held=ticket.objects,
        accounts=ticket.accounts,
        object_accounts=ticket.object_accounts,
        lease_ends_at=now + ticket.lease,
        created_at=now,
    )


def _slugs(tickets: Iterable[Ticket]) -> set[str]:
    asked = {ticket.resource for ticket in tickets}
    return asked | ({resources.FILES.slug} if resources.STORAGE.slug in asked else set())


def _find_accounts(tickets: Sequence[Ticket], now: datetime, hurry: str | None) -> bool:
    """Lock the accounts and decide; return False when some of them are not there yet."""
    slugs = sorted(_slugs(tickets))
    accounts = list(
        Account.objects.raw(
            statements.ACCOUNTS.format(members=get_user_model().groups.through._meta.db_table),
            {
                "resources": slugs,
                "windows": [resources.named(slug).window_on(now) for slug in slugs],
                "users": sorted({ticket.user_id for ticket in tickets}),
            },
        )
    )
    groups = sum(account.group_id is not None for account in accounts)
    if not accounts or groups < accounts[0].groups * len(slugs):  # type: ignore[attr-defined]
        return False
    by_scope = _by_scope(accounts)
    for ticket in tickets:
        mine, hall = by_scope.get((ticket.user_id, ticket.resource), []), by_scope.get((None, ticket.resource), [])
        if not (any(account.user_id for account in mine) and hall):
            return False
        ticket.accounts = [account.pk for account in (*mine, *hall)]
        if ticket.resource == resources.STORAGE.slug:
            files = resources.FILES.slug
            ticket.object_accounts = [
                account.pk for scope in (ticket.user_id, None) for account in by_scope.get((scope, files), [])
            ]
    renew_limits(accounts=accounts, now=now)
    _decide(list(tickets), {account.pk: account for account in accounts}, now, hurry)
    return True


def _by_scope(accounts: Iterable[Account]) -> dict[tuple[int | None, str], list[Account]]:
    found: dict[tuple[int | None, str], list[Account]] = {}
    for account in accounts:
        people = account.members if account.group_id else [account.user_id]  # type: ignore[attr-defined]
        for person in people:
            found.setdefault((person, account.resource), []).append(account)
    return found


def _decide(tickets: list[Ticket], accounts: dict[int, Account], now: datetime, hurry: str | None) -> None:
    balances = {key: account.balance for key, account in accounts.items()}
    answers = allowance.decide([ticket.wish for ticket in tickets], balances, now)
    if any(answer is not None for answer in answers):
        # What was granted before is not wished for again: a repetition is answered also when it is full by now.
        _take_granted(tickets)
        tickets = [ticket for ticket in tickets if ticket.grant is None]
        answers = allowance.decide([ticket.wish for ticket in tickets], balances, now)
    granted = []
    for ticket, refusing in zip(tickets, answers, strict=True):
        if refusing is None:
            granted.append(ticket)
        else:
            wanted = ticket.wish.charges[refusing]
            ticket.error = ledger.exceeded(account=accounts[refusing], wanted=wanted, now=now)
    if granted:
        _hold(granted, now, hurry)
        _take_granted([ticket for ticket in granted if ticket.grant is None])


def _hold(tickets: list[Ticket], now: datetime, hurry: str | None) -> None:
    columns: list[Any] = [
        [ticket.user_id for ticket in tickets],
        [ticket.key for ticket in tickets],
        [ticket.resource for ticket in tickets],
        [ticket.amount for ticket in tickets],
        [ticket.objects for ticket in tickets],
        [_array(ticket.accounts) for ticket in tickets],
        [_array(ticket.object_accounts) for ticket in tickets],
        [now + ticket.lease for ticket in tickets],
    ]
    with connection.cursor() as cursor:
        cursor.execute(statements.HOLD, [*columns, now, hurry])
        made = {(user_id, key): pk for pk, user_id, key, _ in cursor.fetchall()}
    for ticket in tickets:
        if pk := made.pop((ticket.user_id, ticket.key), None):
            ticket.grant = _granted(ticket, pk, now)


def _array(keys: list[int]) -> str:
    return "{" + ",".join(map(str, keys)) + "}"


def _take_granted(tickets: list[Ticket]) -> None:
    """Give those tickets the grants that their keys have already."""
    if not tickets:
        return
    rows = Grant.objects.filter(
        user_id__in={ticket.user_id for ticket in tickets}, key__in={ticket.key for ticket in tickets}
    )
    found = {(row.user_id, row.key): row for row in rows}
    for ticket in tickets:
        ticket.grant = found.get((ticket.user_id, ticket.key))
