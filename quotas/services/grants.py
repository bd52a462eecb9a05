"""Reserve, commit, release: what each use of something limited goes through."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from quotas import allowance, resources
from quotas.models import Grant
from quotas.services import ledger, reserving
from quotas.services.errors import AmountInvalid, GrantGone, UnknownResource

LEASE = timedelta(hours=24)
BATCH = 200
# What was given back is kept so long, so that a late repetition of its key is known.
KEPT = timedelta(days=30)


def reserve(*, key: str, user_id: int, resource: str, amount: int, objects: int = 0, lease: timedelta = LEASE) -> Grant:
    """Hold an amount for a person, once for each key, in every scope that they use it in; return the grant.

    Outside of a transaction it commits at once and does not wait for the disk; inside of one it is a part of it. The
    amount comes back when the lease ends. Raise QuotaExceeded, AmountInvalid, UnknownResource, GrantGone.
    """
    if not 0 <= amount <= allowance.LARGEST:
        raise AmountInvalid("An amount is a whole number from 0 to 2^63 - 1.")
    if resource not in {each.slug for each in resources.registered()}:
        raise UnknownResource(f"There is no resource {resource!r}.")
    ticket = reserving.Ticket(user_id, key, resource, amount, objects, lease)
    reserving.counter.serve(ticket)
    if ticket.grant is None:
        raise ticket.error or GrantGone("This could not be reserved.")
    if ticket.grant.state == Grant.State.RETURNED:
        raise GrantGone("This was given back already. Begin anew.")
    return ticket.grant


@transaction.atomic(savepoint=False)
def extend(*, grant_id: int, amount: int, lease: timedelta = LEASE) -> Grant:
    """Hold more under the same grant, where the whole length is not known yet. Raise QuotaExceeded or GrantGone."""
    grant = locked(grant_ids=[grant_id])[0]
    if grant.state != Grant.State.HELD:
        raise GrantGone("This reservation is over.")
    sheet = ledger.Sheet()
    sheet.reserve(grant.charges(), -1)
    grant.amount += amount
    grant.lease_ends_at = timezone.now() + lease
    sheet.reserve(grant.charges())
    Grant.objects.filter(pk=grant.pk).update(amount=grant.amount, lease_ends_at=grant.lease_ends_at)
    ledger.post(sheet=sheet)
    return grant


@transaction.atomic(savepoint=False)
def commit(*, grant_id: int, amount: int, objects: int = 0, instead_of: Sequence[int] = ()) -> bool:
    """Turn what is held into use, with the true amount, in the caller's transaction; return False when it was.

    Less than was held gives back; more is checked again. `instead_of` are used grants that end with it, so that only
    the difference counts. Raise QuotaExceeded or GrantGone.
    """
    if not instead_of and ledger.use_quickly(grant_id=grant_id, amount=amount, objects=objects):
        return True
    rows = {row.pk: row for row in locked(grant_ids=[grant_id, *instead_of])}
    grant = rows.pop(grant_id)
    if grant.state == Grant.State.USED:
        return False
    if grant.state == Grant.State.RETURNED:
        raise GrantGone("The reservation is over: it was given back when its time had passed.")
    sheet = ledger.Sheet()
    sheet.grant_key = grant.key
    sheet.reserve(grant.charges(), -1)
    sheet.use(grant.charges(amount=amount, objects=objects))
    sheet.give_back(rows.values())
    grant.state, grant.amount, grant.objects_held, grant.lease_ends_at = Grant.State.USED, amount, objects, None
    grant.save(update_fields=["state", "amount", "objects_held", "lease_ends_at"])
    if rows:
        _end(rows)
    ledger.post(sheet=sheet)
    return True


@transaction.atomic(savepoint=False)
def give_back(*, grant_ids: Iterable[int]) -> int:
    """End grants, held or used, in the caller's transaction; return how many there were. One that ended stays ended."""
    rows = {row.pk: row for row in locked(grant_ids=grant_ids) if row.state != Grant.State.RETURNED}
    sheet = ledger.Sheet()
    sheet.give_back(rows.values())
    if len(rows) == 1:
        sheet.grant_key = next(iter(rows.values())).key
    _end(rows)
    ledger.post(sheet=sheet)
    return len(rows)


def release(*, key: str, user_id: int) -> bool:
    """Give back what is held under a key; return False when there is nothing, and leave what is used alone."""
    found = Grant.objects.held().filter(key=key, user_id=user_id).values_list("pk", flat=True).first()
    return found is not None and _release_held(grant_id=found)


@transaction.atomic(savepoint=False)
def _release_held(*, grant_id: int) -> bool:
    row = locked(grant_ids=[grant_id])[0]
    return row.state == Grant.State.HELD and give_back(grant_ids=[grant_id]) == 1


@transaction.atomic(durable=True)
def consume(*, key: str, user_id: int, resource: str, amount: int = 1) -> Grant:
    """Use an amount at once, in the window that is now, once for each key. Raise as `reserve` does."""
    grant = reserve(key=key, user_id=user_id, resource=resource, amount=amount)
    commit(grant_id=grant.pk, amount=amount)
    return Grant.objects.get(pk=grant.pk)


def locked(*, grant_ids: Iterable[int]) -> list[Grant]:
    """Lock grants by key, and return them, the first one asked for first. Raise GrantGone when one is missing."""
    keys = list(dict.fromkeys(grant_ids))
    rows = {row.pk: row for row in Grant.objects.filter(pk__in=keys).order_by("pk").select_for_update(no_key=True)}
    if len(rows) != len(keys):
        raise GrantGone("The reservation is over.")
    return [rows[key] for key in keys]


def _end(rows: dict[int, Grant]) -> None:
    now = timezone.now()
    Grant.objects.filter(pk__in=rows).update(state=Grant.State.RETURNED, ended_at=now, lease_ends_at=None)


def release_lapsed(*, limit: int | None = None, batch: int = BATCH) -> int:
    """Give back what is held under leases that have ended; return how many. Safe to run twice at once."""
    released = 0
    while limit is None or released < limit:
        size = batch if limit is None else min(batch, limit - released)
        found = _release_some(size, timezone.now())
        released += found
        if found < size:
            break
    return released


@transaction.atomic(durable=True)
def _release_some(size: int, now: datetime) -> int:
    due = Grant.objects.lapsed(now).order_by("pk").select_for_update(skip_locked=True)
    return give_back(grant_ids=list(due.values_list("pk", flat=True)[:size]))


def forget_returned(*, limit: int = 10 * BATCH) -> int:
    """Delete the rows of what was given back long ago; return how many."""
    old = Grant.objects.filter(state=Grant.State.RETURNED, ended_at__lt=timezone.now() - KEPT)
    return Grant.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:limit])).delete()[0]
