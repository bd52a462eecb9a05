"""What pages and programs ask of accounts: fresh rows, with limits as they are now."""

from django.db import transaction
from django.utils import timezone

from quotas import resources
from quotas.models import Account, Notice
from quotas.services.limits import open_accounts, renew_limits


def accounts_of(*, user_id: int) -> list[Account]:
    """Return a person's own accounts that are current, storage first; those of storage are opened when missing."""
    now = timezone.now()
    rows = list(Account.objects.of_person(user_id).current(now).order_by("pk"))
    if not any(row.resource == resources.STORAGE.slug for row in rows):
        open_accounts(user_ids=[user_id], slugs=[resources.STORAGE.slug, resources.FILES.slug], now=now)
        rows = list(Account.objects.of_person(user_id).current(now).order_by("pk"))
    if any(row.limits_end_at is not None and row.limits_end_at <= now for row in rows):
        rows = _renewed([row.pk for row in rows])
    return sorted(rows, key=lambda row: (row.resource != resources.STORAGE.slug, row.resource))


@transaction.atomic(savepoint=False)
def _renewed(keys: list[int]) -> list[Account]:
    rows = list(Account.objects.filter(pk__in=keys).locked())
    renew_limits(accounts=rows, now=timezone.now())
    return rows


def storage_of(*, user_id: int) -> Account:
    """Return a person's account of storage."""
    return accounts_of(user_id=user_id)[0]


def quota_headers(*, user_id: int) -> dict[str, str]:
    """Return what answers say of a person's storage; without a limit only what is used."""
    row = storage_of(user_id=user_id)
    headers = {"X-Quota-Used": str(row.used + row.reserved)}
    if row.hard is not None:
        headers |= {
            "X-Quota-Limit": str(row.hard),
            "X-Quota-Remaining": str(row.balance.remaining(timezone.now())),
        }
    return headers


def notices_for(*, user_id: int) -> list[Notice]:
    """Return what the banner says, the highest level of each resource alone."""
    found: dict[int, Notice] = {}
    for notice in Notice.objects.shown_to(user_id):
        found.setdefault(notice.account_id, notice)
    return list(found.values())
