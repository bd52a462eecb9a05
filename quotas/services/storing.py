"""What becomes of bytes that are all here: a new file, a new version, or one in the place of another."""

import uuid

from django.db import IntegrityError, transaction
from django.db.models import F, Max
from django.utils import timezone

from quotas import names, signals, tasks
from quotas.models import Blob, Folder, Grant, StoredFile, Upload, Version
from quotas.services import blobs, grants

# How many versions of a file are kept, the current one among them; the oldest make room.
VERSIONS_KEPT = 10
# Of larger ones no small picture is made.
PICTURE_BYTES = 30_000_000


def needed(*, user_id: int, folder: Folder | None, name: str, size: int, keep_old: bool) -> tuple[int, int]:
    """Return the bytes and objects to reserve: for an overwrite the difference, and no object more."""
    if keep_old:
        return size, 1
    old = StoredFile.objects.live().filter(owner_id=user_id, folder=folder, name=name).select_related("current").first()
    if old is None or old.current is None:
        return size, 1
    return max(size - old.current.size, 0), 0


def finish(*, upload: Upload) -> Upload:
    """Make the file of an upload whose bytes are all here, in the caller's transaction, once. Raise QuotaExceeded."""
    now = timezone.now()
    if not Upload.objects.open().filter(pk=upload.pk, received=F("length")).update(finished_at=now):
        return Upload.objects.select_related("file").get(pk=upload.pk)
    grant = Grant.objects.filter(user_id=upload.owner_id, key=upload.grant_key).first()
    if grant is None:
        # A crash of the server can forget what was held and not yet used.
        size = upload.length or 0
        grant = grants.reserve(
            key=upload.grant_key, user_id=upload.owner_id, resource="storage", amount=size, objects=1
        )
    file = _beside(upload) if upload.beside else _named(upload)
    instead = [] if upload.keep_old else list(Version.objects.filter(pk=file.current_id or 0))
    _add_version(file=file, blob=upload.blob, size=upload.length or 0, grant=grant, instead=instead)
    Upload.objects.filter(pk=upload.pk).update(file=file)
    return Upload.objects.select_related("file").get(pk=upload.pk)


def _named(upload: Upload) -> StoredFile:
    """Return the locked file of the upload's name; a new one where there is none."""
    place = {"owner_id": upload.owner_id, "folder_id": upload.folder_id, "name": upload.name}
    while True:
        StoredFile.objects.bulk_create([StoredFile(**place)], ignore_conflicts=True)
        file = StoredFile.objects.live().select_for_update(no_key=True).filter(**place).first()
        # None when the one of that name went into the trash since; then the name is free.
        if file is not None:
            return file


def _beside(upload: Upload) -> StoredFile:
    """Return a new file of the upload's name, or of the next that is free."""
    while True:
        name = free_name(user_id=upload.owner_id, folder=upload.folder, name=upload.name)
        file = StoredFile(owner_id=upload.owner_id, folder=upload.folder, name=name)
        try:
            with transaction.atomic(savepoint=True):
                file.save(force_insert=True)
        except IntegrityError as error:
            if "file_name_is_free" not in str(error):
                raise
            # Another upload took it since we looked; its name is seen by the next look.
            continue
        return file


def free_name(*, user_id: int, folder: Folder | None, name: str) -> str:
    """Return the name, with a number where a file of that name is there already."""
    taken = set(StoredFile.objects.filter(owner_id=user_id).in_folder(folder).values_list("name", flat=True))
    if name not in taken:
        return name
    return next(each for each in (names.numbered(name, number) for number in range(2, 10**6)) if each not in taken)


def _add_version(*, file: StoredFile, blob: Blob, size: int, grant: Grant, instead: list[Version]) -> Version:
    last = file.versions.aggregate(last=Max("number"))["last"] or 0
    media = names.content_type(file.name)
    drawn = media in names.DRAWN and 0 < size <= PICTURE_BYTES
    version: Version = Version.objects.create(
        file=file,
        number=last + 1,
        blob=blob,
        grant=grant,
        size=size,
        content_type=media,
        kind=names.kind(media),
        picture=Version.Picture.DUE if drawn else Version.Picture.NONE,
    )
    StoredFile.objects.filter(pk=file.pk).update(current=version, changed_at=timezone.now())
    ended = [each.grant_id for each in instead]
    old_blobs: set[uuid.UUID] = {each.blob_id for each in instead}
    too_old = list(file.versions.order_by("-number")[VERSIONS_KEPT + len(instead) :])
    Version.objects.filter(pk__in=[each.pk for each in (*instead, *too_old)]).delete()
    blobs.doom(blob_ids=old_blobs | {each.blob_id for each in too_old})
    grants.commit(grant_id=grant.pk, amount=size, objects=1, instead_of=[*ended, *(each.grant_id for each in too_old)])
    file.current = version
    signals.file_stored.send(sender=StoredFile, file=file, version=version)
    if drawn:
        transaction.on_commit(lambda: tasks.draw_pictures.delay(), robust=True)
    return version


def copy_version(*, file: StoredFile, source: Version, grant: Grant) -> Version:
    """Make a version of the same bytes in the caller's transaction; the copy is counted as any other."""
    return _add_version(file=file, blob=source.blob, size=source.size, grant=grant, instead=[])
