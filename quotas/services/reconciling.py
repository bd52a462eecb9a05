"""Whether the numbers are what the rows say: each finding is a fault of ours, and is kept as it was found."""

from collections.abc import Iterator
from dataclasses import dataclass

import structlog
from django.db import connection, transaction
from django.utils import timezone

from quotas import paths
from quotas.models import Account, Blob, Drift, Grant, Part, UsageEvent, Version
from quotas.services import blobs

log = structlog.get_logger(__name__)

BATCH = 200

SUMS = """
WITH counted AS (
  SELECT unnest(accounts) AS account, amount, state FROM quotas_grant WHERE state <> 'returned'
    AND (accounts && %(keys)s::bigint[] OR object_accounts && %(keys)s::bigint[])
  UNION ALL
  SELECT unnest(object_accounts), objects_held, state FROM quotas_grant WHERE state <> 'returned'
    AND (accounts && %(keys)s::bigint[] OR object_accounts && %(keys)s::bigint[])
)
SELECT a.id, a.used, a.reserved,
  coalesce((SELECT sum(amount) FROM counted c WHERE c.account = a.id AND c.state = 'used'), 0)::bigint,
  coalesce((SELECT sum(amount) FROM counted c WHERE c.account = a.id AND c.state = 'held'), 0)::bigint,
  coalesce((SELECT sum(change) FROM quotas_usageevent e WHERE e.account_id = a.id), 0)::bigint
FROM quotas_account a WHERE a.id = ANY(%(keys)s::bigint[]) ORDER BY a.id
"""
SIZES = """
SELECT v.id, v.size, g.amount, v.size - coalesce((SELECT sum(p.size) FROM quotas_part p WHERE p.blob_id = v.blob_id), 0)
FROM quotas_version v JOIN quotas_grant g ON g.id = v.grant_id
WHERE g.state <> 'used' OR g.amount <> v.size
   OR v.size <> coalesce((SELECT sum(p.size) FROM quotas_part p WHERE p.blob_id = v.blob_id), 0)
ORDER BY v.id
"""


@dataclass(frozen=True, slots=True)
class Finding:
    kind: Drift.Kind
    account_id: int | None
    subject: str
    found: int
    expected: int


def reconcile(*, repair: bool = False, user_id: int | None = None) -> list[Drift]:
    """Compare accounts with grants and the ledger, versions with grants and parts; keep and return what differs.

    Account by account under its lock, so that work goes on meanwhile. With `repair` the numbers follow the rows, and
    bytes that no row knows are deleted.
    """
    found: list[Drift] = []
    accounts = Account.objects.order_by("pk")
    if user_id is not None:
        accounts = accounts.of_person(user_id)
    keys = list(accounts.values_list("pk", flat=True))
    for first in range(0, len(keys), BATCH):
        found += _reconcile_accounts(keys[first : first + BATCH], repair)
    if user_id is None:
        found += _keep([*_sizes(), *_strays()], repaired=False)
        if repair:
            _delete_strays()
    for drift in found:
        log.error("quotas_drift", kind=drift.kind, subject=drift.subject, found=drift.found, expected=drift.expected)
    return found


@transaction.atomic(durable=True)
def _reconcile_accounts(keys: list[int], repair: bool) -> list[Drift]:
    """Whoever changes one of these accounts waits meanwhile, and every grant changes with its accounts."""
    list(Account.objects.filter(pk__in=keys).locked().values_list("pk"))
    with connection.cursor() as cursor:
        cursor.execute(SUMS, {"keys": keys})
        rows = cursor.fetchall()
    findings: list[Finding] = []
    for key, used, reserved, used_sum, held_sum, ledger in rows:
        mine = [
            Finding(Drift.Kind.USED, key, f"account {key}", used, used_sum),
            Finding(Drift.Kind.RESERVED, key, f"account {key}", reserved, held_sum),
            Finding(Drift.Kind.LEDGER, key, f"account {key}", ledger, used),
        ]
        mine = [each for each in mine if each.found != each.expected]
        findings += mine
        if mine and repair:
            _repair(key, used_sum, held_sum, ledger)
    return _keep(findings, repaired=repair)


def _repair(key: int, used: int, held: int, ledger: int) -> None:
    Account.objects.filter(pk=key).update(used=used, reserved=held)
    if used != ledger:
        UsageEvent.objects.create(
            account_id=key, at=timezone.now(), change=used - ledger, used=used, grant_key="reconciled"
        )


def _sizes() -> Iterator[Finding]:
    with connection.cursor() as cursor:
        cursor.execute(SIZES)
        for key, size, amount, missing in cursor.fetchall():
            if size != amount:
                yield Finding(Drift.Kind.SIZE, None, f"version {key}", amount, size)
            if missing:
                yield Finding(Drift.Kind.BYTES, None, f"version {key}", size - missing, size)


def _strays() -> Iterator[Finding]:
    rows = Grant.objects.used().filter(resource="storage", version=None)
    for grant in rows.values("pk", "amount"):
        yield Finding(Drift.Kind.STRAY, None, f"grant {grant['pk']}", grant["amount"], 0)


def _keep(findings: list[Finding], *, repaired: bool) -> list[Drift]:
    now = timezone.now()
    return Drift.objects.bulk_create(
        [
            Drift(
                kind=each.kind,
                account_id=each.account_id,
                subject=each.subject,
                found=each.found,
                expected=each.expected,
                found_at=now,
                repaired_at=now if repaired else None,
            )
            for each in findings
        ]
    )


def _delete_strays() -> int:
    """Delete parts whose writer died before it could count them."""
    deleted = 0
    settled = Blob.objects.filter(created_at__lt=timezone.now() - blobs.SETTLES, doomed_at=None)
    pictures = set(Version.objects.filter(picture="made").values_list("blob_id", flat=True))
    for blob_id in settled.values_list("pk", flat=True).iterator(BATCH):
        known = set(Part.objects.filter(blob_id=blob_id).values_list("path", flat=True))
        folder = paths.folder_of(blob_id)
        if blob_id in pictures:
            known.add(paths.picture_of(blob_id))
        for name in blobs.strays(folder=folder, known=known):
            blobs.drop_part(path=f"{folder}/{name}")
            deleted += 1
    return deleted
