"""The one place where accounts change: checked, moved and written down under their locks.

Lock order: files, then grants by key, then accounts by key, as the last rows of a transaction.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.utils import timezone

from quotas import allowance, signals, tasks
from quotas.models import Account, Grant, Notice
from quotas.services import limits, statements
from quotas.services.errors import QuotaExceeded


class Move(NamedTuple):
    """What an account's two numbers change by."""

    used: int = 0
    reserved: int = 0


class Sheet:
    """The moves of one transaction, added up by account."""

    def __init__(self) -> None:
        self.moves: dict[int, Move] = {}
        self.grant_key = ""

    def reserve(self, charges: Mapping[int, int], sign: int = 1) -> None:
        for account, amount in charges.items():
            self._add(account, Move(reserved=sign * amount))

    def use(self, charges: Mapping[int, int], sign: int = 1) -> None:
        for account, amount in charges.items():
            self._add(account, Move(used=sign * amount))

    def give_back(self, grants: Iterable[Grant]) -> None:
        """Take away what these grants charge, each as its state has it."""
        for grant in grants:
            if grant.state == Grant.State.HELD:
                self.reserve(grant.charges(), -1)
            elif grant.state == Grant.State.USED:
                self.use(grant.charges(), -1)

    def _add(self, account: int, move: Move) -> None:
        before = self.moves.get(account, Move())
        self.moves[account] = Move(before.used + move.used, before.reserved + move.reserved)


def post(*, sheet: Sheet) -> None:
    """Move the accounts, in the caller's transaction, of which these are the last locks.

    Raise QuotaExceeded when an account would get more in all than it has room for. What gives back is never refused
    (invariant 4).
    """
    moves = {key: move for key, move in sheet.moves.items() if move != Move()}
    accounts = {row.pk: row for row in Account.objects.filter(pk__in=moves).locked()}
    now = timezone.now()
    limits.renew_limits(accounts=list(accounts.values()), now=now)
    for key, account in accounts.items():
        more = moves[key].used + moves[key].reserved
        if not allowance.fits(account.balance, more, now):
            raise exceeded(account=account, wanted=more, now=now)
    if accounts:
        _move(list(accounts.values()), moves, now, sheet.grant_key)


def use_quickly(*, grant_id: int, amount: int, objects: int) -> bool:
    """Turn what is held into use where nothing is out of the ordinary, in one statement; else return False.

    Out of the ordinary is more than was held, a soft limit, and limits whose time is over. The grant is locked before
    its accounts, as everywhere; what is refused leaves the locks and nothing else.
    """
    with connection.cursor() as cursor:
        cursor.execute(statements.USE, [grant_id, amount, objects, timezone.now()])
        rows = cursor.fetchall()
    for pk, change, used, hard, levels in rows:
        standing = set(levels)
        moved = allowance.levels_reached(used, hard) - standing or standing & allowance.levels_left(used, hard)
        if change and moved:
            _note_levels(Account.objects.get(pk=pk), used, standing)
    return bool(rows)


def _move(accounts: Sequence[Account], moves: Mapping[int, Move], now: datetime, key: str) -> None:
    """Move all in one statement: the accounts are locked until the transaction ends, the hall's for everybody."""
    used = {account.pk: account.used + moves[account.pk].used for account in accounts}
    soft = [limits.soft_passed_at(account=account, used=used[account.pk], now=now) for account in accounts]
    values: dict[str, Any] = {
        "accounts": list(used),
        "used": [moves[pk].used for pk in used],
        "reserved": [moves[pk].reserved for pk in used],
        "soft_passed": soft,
        "now": now,
        "key": key,
    }
    standing: dict[int, set[int]] = {pk: set() for pk in used}
    with connection.cursor() as cursor:
        cursor.execute(statements.MOVE, values)
        for pk, level in cursor.fetchall():
            standing[pk].add(level)
    for account in accounts:
        if moves[account.pk].used:
            _note_levels(account, used[account.pk], standing[account.pk])


def _note_levels(account: Account, used: int, standing: set[int]) -> None:
    """Raise a notice for each level that is newly reached, and clear those well below which use has fallen."""
    reached = allowance.levels_reached(used, account.hard)
    if left := standing & allowance.levels_left(used, account.hard):
        Notice.objects.standing().filter(account=account, level__in=left).update(cleared_at=timezone.now())
    for level in sorted(reached - standing):
        Notice.objects.create(account=account, level=level)
        transaction.on_commit(lambda: tasks.mail_notices.delay(), robust=True)
        signals.level_reached.send(sender=Account, account=account, level=level, used=used, hard=account.hard)


def exceeded(*, account: Account, wanted: int, now: datetime) -> QuotaExceeded:
    """Return the refusal of an amount that this account has no room for, with its numbers."""
    others = account.group.name if account.group else "the hall"
    return QuotaExceeded(
        holder="you" if account.user_id else others,
        resource=account.resource,
        wanted=wanted,
        used=account.used,
        reserved=account.reserved,
        limit=account.balance.ceiling(now),
    )
