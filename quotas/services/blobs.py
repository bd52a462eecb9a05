"""Bytes in the storage: written part by part, read across parts, deleted when nothing points at them any more."""

import os
import tempfile
import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import IO, Protocol

import structlog
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from quotas import paths
from quotas.models import Blob, Part, Version

log = structlog.get_logger(__name__)

PART_BYTES = 8 * 1024 * 1024
# What of a part is kept in memory; the rest waits on disk.
MEMORY_BYTES = 1024 * 1024
CHUNK_BYTES = 64 * 1024
# A blob whose upload began lately is not looked at: its first part may be on its way.
SETTLES = timedelta(hours=1)


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


def take(*, stream: Readable, most: int, feed: object = None) -> IO[bytes]:
    """Read at most so many bytes into a file of its own, placed at its end; shorter when the stream ends or breaks."""
    part: IO[bytes] = tempfile.SpooledTemporaryFile(MEMORY_BYTES)  # noqa: SIM115  (the caller closes it)
    while most > 0:
        try:
            chunk = stream.read(min(most, CHUNK_BYTES))
        except OSError as error:
            # The client went away: what came is kept, and it goes on from there.
            log.info("upload_cut_off", error=type(error).__name__)
            break
        if not chunk:
            break
        if feed is not None:
            feed.update(chunk)  # type: ignore[attr-defined]
        part.write(chunk)
        most -= len(chunk)
    return part


def write_part(*, blob_id: uuid.UUID, start: int, mark: int, part: IO[bytes]) -> str:
    """Store a part, on the disk for good, and return its path; the row that counts it comes after."""
    part.seek(0)
    path = default_storage.save(f"{paths.folder_of(blob_id)}/{start}-{mark}", File(part))
    try:
        place = default_storage.path(path)
    except NotImplementedError:
        return path
    for each, flags in ((place, os.O_RDONLY), (os.path.dirname(place), os.O_RDONLY | os.O_DIRECTORY)):  # noqa: PTH120
        handle = os.open(each, flags)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    return path


def drop_part(*, path: str) -> None:
    """Delete a part that no row counts."""
    default_storage.delete(path)


def read(*, blob_id: uuid.UUID, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
    """Yield the bytes from `start` up to `stop`, without holding more than a chunk of them."""
    parts = list(Part.objects.filter(blob_id=blob_id).order_by("start"))
    return _chunks(parts, start, stop)


def _chunks(parts: list[Part], start: int, stop: int | None) -> Iterator[bytes]:
    for part in parts:
        end = part.start + part.size
        if end <= start or (stop is not None and part.start >= stop):
            continue
        first, last = max(start, part.start), end if stop is None else min(stop, end)
        with default_storage.open(part.path) as stored:
            stored.seek(first - part.start)
            left = last - first
            while left > 0:
                chunk = stored.read(min(left, CHUNK_BYTES))
                if not chunk:
                    raise OSError(f"{part.path} is shorter than its row says")
                left -= len(chunk)
                yield chunk


def doom(*, blob_ids: set[uuid.UUID]) -> None:
    """Let the sweep delete those blobs that nothing points at any more; in the caller's transaction, under locks."""
    for blob in Blob.objects.filter(pk__in=blob_ids, doomed_at=None).order_by("pk").select_for_update(no_key=True):
        if not Version.objects.filter(blob=blob).exists():
            Blob.objects.filter(pk=blob.pk).update(doomed_at=timezone.now())


def purge_doomed(*, limit: int = 200) -> int:
    """Delete the bytes of doomed blobs, then their rows; return how many. The next run makes up for one that dies."""
    doomed = list(Blob.objects.doomed().order_by("doomed_at").values_list("pk", flat=True)[:limit])
    for blob_id in doomed:
        for part in Part.objects.filter(blob_id=blob_id):
            default_storage.delete(part.path)
        _delete_folder(paths.folder_of(blob_id))
        _forget(blob_id)
    return len(doomed)


@transaction.atomic(durable=True)
def _forget(blob_id: uuid.UUID) -> None:
    Part.objects.filter(blob_id=blob_id).delete()
    Blob.objects.doomed().filter(pk=blob_id).delete()


def _delete_folder(folder: str) -> None:
    """Delete also what no row knows: parts whose writer died before it could say so."""
    for name in strays(folder=folder, known=set()):
        default_storage.delete(f"{folder}/{name}")
    try:
        os.rmdir(default_storage.path(folder))  # noqa: PTH106
    except (NotImplementedError, OSError):
        return


def strays(*, folder: str, known: set[str]) -> list[str]:
    """Return the names in a folder of the storage that are not known."""
    try:
        _, names = default_storage.listdir(folder)
    except FileNotFoundError:
        return []
    return [name for name in names if f"{folder}/{name}" not in known]
