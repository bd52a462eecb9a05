"""Uploads: reserved before a byte is taken, taken part by part, and a file when all is here."""

import uuid
from datetime import datetime, timedelta
from typing import IO, Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from quotas import allowance, names
from quotas.models import Blob, Folder, Grant, Part, StoredFile, Upload
from quotas.services import blobs, grants, storing
from quotas.services.errors import (
    ChecksumWrong,
    NotThere,
    OffsetWrong,
    QuotaExceeded,
    TooLong,
    UploadOver,
)

LASTS = timedelta(hours=24)
# What is held at least ahead of an upload whose length nobody knows.
STEP_BYTES = 16 * 1024 * 1024
BATCH = 200


def create_upload(
    *,
    user_id: int,
    name: str,
    length: int | None,
    folder_id: int | None = None,
    keep_old: bool = True,
    beside: bool = False,
    metadata: str = "",
) -> Upload:
    """Reserve room for a file and begin its upload. Without a length room is reserved in steps.

    Of a name that is taken it becomes a version, without `keep_old` the only one; `beside`: under the next free name.
    Raise QuotaExceeded before any byte is taken; AmountInvalid; NotThere for a folder of somebody else.
    """
    folder = _folder(user_id, folder_id)
    name = names.clean(name)
    upload = Upload(owner_id=user_id, name=name, folder=folder, keep_old=keep_old, beside=beside, length=length)
    upload.metadata = metadata
    size, objects = storing.needed(
        user_id=user_id, folder=folder, name=name, size=STEP_BYTES if length is None else length, keep_old=keep_old
    )
    grants.reserve(
        key=upload.grant_key,
        user_id=user_id,
        resource="storage",
        amount=size,
        objects=objects,
        lease=LASTS + timedelta(hours=1),
    )
    return _begin(upload)


def _folder(user_id: int, folder_id: int | None) -> Folder | None:
    if folder_id is None:
        return None
    folder = Folder.objects.filter(pk=folder_id, owner_id=user_id).first()
    if folder is None:
        raise NotThere("There is no such folder.")
    return folder


@transaction.atomic(durable=True)
def _begin(upload: Upload) -> Upload:
    upload.blob = Blob.objects.create()
    upload.expires_at = timezone.now() + LASTS
    upload.save(force_insert=True)
    if upload.length == 0:
        return storing.finish(upload=upload)
    return upload


def take_over(*, upload_id: uuid.UUID, user_id: int, offset: int) -> Upload:
    """Become the one who writes, from this place on; a slower one before can write nothing any more.

    Raise OffsetWrong, UploadOver or NotThere.
    """
    rows = Upload.objects.filter(pk=upload_id, owner_id=user_id)
    now = timezone.now()
    if not rows.open().filter(received=offset, expires_at__gt=now).update(fence=F("fence") + 1):
        found = rows.first()
        if found is None:
            raise NotThere("There is no such upload.")
        if found.received != offset:
            raise OffsetWrong(found.received)
        if found.finished_at is None:
            raise UploadOver("This upload was left alone for too long. Begin it anew.")
        return found
    return rows.get()


def receive(
    *,
    upload_id: uuid.UUID,
    user_id: int,
    offset: int,
    stream: blobs.Readable,
    announced: int | None = None,
    checksum: tuple[Any, bytes] | None = None,
) -> Upload:
    """Take bytes from a stream until it ends, and finish the file with the last of them; return the upload.

    Nothing is held in memory but a chunk. Each part counts as soon as it is stored, so that a process that dies loses
    one part; with a `checksum` nothing counts before all of it was right. `announced` is how many the client says
    come. Raise OffsetWrong, UploadOver, NotThere, TooLong, ChecksumWrong, QuotaExceeded.
    """
    upload = take_over(upload_id=upload_id, user_id=user_id, offset=offset)
    if announced is not None and upload.length is not None and offset + announced > upload.length:
        raise TooLong(f"The upload is {upload.length} bytes long; these would end at {offset + announced}.")
    if checksum is not None:
        return _receive_whole(upload, stream, checksum)
    while upload.finished_at is None:
        part = blobs.take(stream=stream, most=_most(upload))
        with part:
            if not part.tell():
                break
            upload = _keep(upload, [part])
    _must_end(upload, stream)
    return upload


def _most(upload: Upload, pending: int = 0) -> int:
    left = allowance.LARGEST if upload.length is None else upload.length - upload.received - pending
    return min(blobs.PART_BYTES, left)


def _receive_whole(upload: Upload, stream: blobs.Readable, checksum: tuple[Any, bytes]) -> Upload:
    feed, digest = checksum
    parts: list[IO[bytes]] = []
    try:
        pending = 0
        while True:
            part = blobs.take(stream=stream, most=_most(upload, pending), feed=feed)
            parts.append(part)
            if not part.tell():
                break
            pending += part.tell()
        _must_end(upload, stream)
        if feed.digest() != digest:
            raise ChecksumWrong("What arrived is not what was sent: the checksum differs. Send it again.")
        return _keep(upload, [each for each in parts if each.tell()])
    finally:
        for part in parts:
            part.close()


def _must_end(upload: Upload, stream: blobs.Readable) -> None:
    """Refuse a stream that goes on past the length; what belonged to the file is kept."""
    if upload.length is None or upload.received < upload.length:
        return
    with blobs.take(stream=stream, most=1) as more:
        if more.tell():
            raise TooLong(f"The upload is {upload.length} bytes long, and more came.")


def _keep(upload: Upload, parts: list[IO[bytes]]) -> Upload:
    """Store parts, then count them; what could not be counted is deleted again."""
    _make_room(upload, sum(part.tell() for part in parts))
    rows: list[Part] = []
    start = upload.received
    counted = False
    try:
        for part in parts:
            size = part.tell()
            path = blobs.write_part(blob_id=upload.blob_id, start=start, mark=upload.fence, part=part)
            rows.append(Part(blob_id=upload.blob_id, start=start, size=size, path=path))
            start += size
        upload = _count(upload, rows, start)
        counted = True
    finally:
        for row in [] if counted else rows:
            blobs.drop_part(path=row.path)
    return upload


def _make_room(upload: Upload, size: int) -> None:
    """Hold more for an upload without a length, a step ahead where there is room for it."""
    if upload.length is not None:
        return
    grant = _grant(upload)
    missing = upload.received + size - grant.amount
    if missing <= 0:
        return
    try:
        grants.extend(grant_id=grant.pk, amount=max(missing, STEP_BYTES), lease=LASTS)
    except QuotaExceeded:
        grants.extend(grant_id=grant.pk, amount=missing, lease=LASTS)


def _grant(upload: Upload) -> Grant:
    grant = Grant.objects.held().filter(user_id=upload.owner_id, key=upload.grant_key).first()
    if grant is None:
        raise UploadOver("This upload was left alone for too long. Begin it anew.")
    return grant


@transaction.atomic(durable=True)
def _count(upload: Upload, rows: list[Part], received: int) -> Upload:
    now = timezone.now()
    mine = Upload.objects.open().filter(pk=upload.pk, fence=upload.fence, received=upload.received)
    if not mine.update(received=received, expires_at=now + LASTS):
        raise UploadOver("Another request goes on with this upload, or it was ended.")
    Part.objects.bulk_create(rows)
    Blob.objects.filter(pk=upload.blob_id).update(size=received)
    grant = Grant.objects.held().filter(user_id=upload.owner_id, key=upload.grant_key)
    if not grant.update(lease_ends_at=now + LASTS + timedelta(hours=1)):
        raise UploadOver("This upload was left alone for too long. Begin it anew.")
    fresh = Upload.objects.get(pk=upload.pk)
    return storing.finish(upload=fresh) if fresh.length == received else fresh


@transaction.atomic(durable=True)
def set_length(*, upload_id: uuid.UUID, user_id: int, length: int) -> Upload:
    """Say how long an upload is that began without saying it; what is missing is reserved. Raise as `receive` does."""
    upload = Upload.objects.select_for_update(no_key=True).filter(pk=upload_id, owner_id=user_id).first()
    if upload is None:
        raise NotThere("There is no such upload.")
    if upload.length is not None and upload.length != length:
        raise TooLong(f"The upload is {upload.length} bytes long; that does not change.")
    if length < upload.received:
        raise TooLong(f"{upload.received} bytes are here already.")
    if upload.length is None:
        grant = _grant(upload)
        grants.extend(grant_id=grant.pk, amount=length - grant.amount, lease=LASTS)
        Upload.objects.filter(pk=upload.pk).update(length=length)
        upload.length = length
        if length == upload.received:
            return storing.finish(upload=upload)
    return upload


def store(*, user_id: int, name: str, size: int, stream: blobs.Readable, **how: Any) -> StoredFile:
    """Keep a file whose bytes are here, as a form sends it; takes and raises as `create_upload` and `receive` do."""
    upload = create_upload(user_id=user_id, name=name, length=size, **how)
    if upload.finished_at is None:
        upload = receive(upload_id=upload.pk, user_id=user_id, offset=0, stream=stream)
    if upload.file is None:
        terminate(upload_id=upload.pk, user_id=user_id)
        raise UploadOver("Less arrived than was announced. Send it again.")
    return upload.file


@transaction.atomic(durable=True)
def terminate(*, upload_id: uuid.UUID, user_id: int) -> bool:
    """Forget an upload: its room is free at once, its bytes go with the next sweep. Return False when it is over."""
    upload = Upload.objects.select_for_update(no_key=True).filter(pk=upload_id, owner_id=user_id).first()
    if upload is None:
        return False
    return _forget(upload)


def _forget(upload: Upload) -> bool:
    was_open = upload.finished_at is None
    Upload.objects.filter(pk=upload.pk).delete()
    if was_open:
        held = Grant.objects.held().filter(user_id=upload.owner_id, key=upload.grant_key)
        grants.give_back(grant_ids=list(held.values_list("pk", flat=True)))
        blobs.doom(blob_ids={upload.blob_id})
    return was_open


def expire_uploads(*, limit: int | None = None, batch: int = BATCH) -> tuple[int, int, int]:
    """Forget uploads that nobody went on with, give back lapsed reservations, delete what nothing points at.

    Return how many of each. Safe to stop, to repeat and to run twice at once.
    """
    expired = 0
    while limit is None or expired < limit:
        size = batch if limit is None else min(batch, limit - expired)
        found = _expire_some(size, timezone.now())
        expired += found
        if found < size:
            break
    return expired, grants.release_lapsed(limit=limit), blobs.purge_doomed()


@transaction.atomic(durable=True)
def _expire_some(size: int, now: datetime) -> int:
    # A finished one is kept as long, for a client that asks how it went.
    due = Upload.objects.filter(expires_at__lte=now).order_by("pk")
    rows = list(due.select_for_update(skip_locked=True)[:size])
    for row in rows:
        _forget(row)
    return len(rows)
