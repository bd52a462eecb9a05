"""What people do to their files: trash, restore, delete, copy, rename, versions and folders.

Lock order: files by key, versions, blobs by key, then grants and accounts as the ledger has it.
"""

import uuid
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from quotas import allowance, names, signals
from quotas.models import Account, Folder, Grant, StoredFile, Version
from quotas.services import blobs, grants, ledger, reading, storing
from quotas.services.errors import FolderTooDeep, NameTaken, NotThere

IN_TRASH = timedelta(days=30)
DEEPEST = 8
BATCH = 100


def _locked(file_id: int, user_id: int) -> StoredFile:
    row = StoredFile.objects.select_for_update(no_key=True).filter(pk=file_id, owner_id=user_id).first()
    if row is None:
        raise NotThere("There is no such file.")
    return row


@transaction.atomic(durable=True)
def trash_file(*, file_id: int, user_id: int) -> bool:
    """Put a file into the trash, where it still counts; return False when it was there already."""
    file = _locked(file_id, user_id)
    if file.trashed_at is not None:
        return False
    StoredFile.objects.filter(pk=file.pk).update(trashed_at=timezone.now())
    signals.file_trashed.send(sender=StoredFile, file=file)
    return True


@transaction.atomic(durable=True)
def restore_file(*, file_id: int, user_id: int) -> StoredFile:
    """Take a file out of the trash, beside one that has its name by now. Raise QuotaExceeded above the limit."""
    file = _locked(file_id, user_id)
    if file.trashed_at is None:
        return file
    _require_room(file)
    folder = file.folder if file.folder and file.folder.owner_id == user_id else None
    file.name = storing.free_name(user_id=user_id, folder=folder, name=file.name)

    def take_out() -> None:
        StoredFile.objects.filter(pk=file.pk).update(trashed_at=None, folder=folder, name=file.name)

    _with_free_name(take_out)
    signals.file_restored.send(sender=StoredFile, file=file)
    return StoredFile.objects.get(pk=file.pk)


def _require_room(file: StoredFile) -> None:
    """Refuse while an account that the file charges is above what it may be; the trash counts, so no more is needed."""
    keys = {
        key for grant in Grant.objects.filter(version__file=file) for key in (*grant.accounts, *grant.object_accounts)
    }
    now = timezone.now()
    for account in Account.objects.filter(pk__in=keys).select_related("group").order_by("pk"):
        ceiling = account.balance.ceiling(now)
        if ceiling is not None and account.used + account.reserved > ceiling:
            raise ledger.exceeded(account=account, wanted=0, now=now)


@transaction.atomic(durable=True)
def delete_file(*, file_id: int, user_id: int) -> bool:
    """Delete a file with all its versions for good, whatever the limits say; return False when it is gone already."""
    file = StoredFile.objects.select_for_update(no_key=True).filter(pk=file_id, owner_id=user_id).first()
    if file is None:
        return False
    _delete([file])
    return True


def _delete(files: Sequence[StoredFile]) -> None:
    """Delete locked files, in the caller's transaction."""
    versions = list(Version.objects.filter(file__in=files).order_by("pk"))
    StoredFile.objects.filter(pk__in=[file.pk for file in files]).update(current=None)
    Version.objects.filter(pk__in=[version.pk for version in versions]).delete()
    for file in files:
        size = sum(version.size for version in versions if version.file_id == file.pk)
        signals.file_deleted.send(sender=StoredFile, owner_id=file.owner_id, name=file.name, size=size)
    StoredFile.objects.filter(pk__in=[file.pk for file in files]).delete()
    blobs.doom(blob_ids={version.blob_id for version in versions})
    grants.give_back(grant_ids=[version.grant_id for version in versions])


def empty_trash(*, user_id: int) -> int:
    """Delete everything in a person's trash for good; return how many files."""
    return _in_batches(lambda size: _delete_trashed(size, owner_id=user_id))


def empty_old_trash(*, limit: int | None = None) -> int:
    """Delete what has lain in the trash for 30 days, and what belongs to nobody any more; return how many files."""
    since = timezone.now() - IN_TRASH
    old = _in_batches(lambda size: _delete_trashed(size, trashed_at__lte=since), limit)
    return old + _in_batches(_delete_ownerless, None if limit is None else limit - old)


def _in_batches(step: Callable[[int], int], limit: int | None = None) -> int:
    done = 0
    while limit is None or done < limit:
        size = BATCH if limit is None else min(BATCH, limit - done)
        found = step(size)
        done += found
        if found < size:
            break
    return done


@transaction.atomic(durable=True)
def _delete_trashed(size: int, **which: Any) -> int:
    rows = StoredFile.objects.trashed().filter(**which).order_by("pk").select_for_update(skip_locked=True)
    files = list(rows[:size])
    _delete(files)
    return len(files)


@transaction.atomic(durable=True)
def _delete_ownerless(size: int) -> int:
    rows = StoredFile.objects.filter(owner=None).order_by("pk").select_for_update(skip_locked=True)
    files = list(rows[:size])
    _delete(files)
    return len(files)


@transaction.atomic(durable=True)
def delete_version(*, version_id: int, user_id: int) -> bool:
    """Delete an older version for good; return False when it is gone, or is the current one."""
    version = Version.objects.of_person(user_id).filter(pk=version_id).first()
    if version is None:
        return False
    file = _locked(version.file_id, user_id)
    if file.current_id == version.pk or not Version.objects.filter(pk=version.pk).delete()[0]:
        return False
    blobs.doom(blob_ids={version.blob_id})
    grants.give_back(grant_ids=[version.grant_id])
    return True


@transaction.atomic(durable=True)
def copy_file(*, file_id: int, user_id: int, version_id: int | None = None) -> StoredFile:
    """Make a file of its own of what a file holds, or held in a version; counted in full. Raise QuotaExceeded."""
    file = _locked(file_id, user_id)
    source = file.versions.filter(pk=version_id or file.current_id or 0).select_related("blob").first()
    if source is None:
        raise NotThere("There is no such version.")
    grant = _grant_for_copy(user_id, source)
    name = storing.free_name(user_id=user_id, folder=file.folder, name=file.name)
    copy = _with_free_name(lambda: StoredFile.objects.create(owner_id=user_id, folder=file.folder, name=name))
    storing.copy_version(file=copy, source=source, grant=grant)
    return StoredFile.objects.get(pk=copy.pk)


@transaction.atomic(durable=True)
def bring_back_version(*, version_id: int, user_id: int) -> StoredFile:
    """Let a file hold again what it held in a version; what it holds now stays as a version. Raise QuotaExceeded."""
    version = Version.objects.of_person(user_id).select_related("blob").filter(pk=version_id).first()
    if version is None:
        raise NotThere("There is no such version.")
    file = _locked(version.file_id, user_id)
    if file.current_id != version.pk:
        storing.copy_version(file=file, source=version, grant=_grant_for_copy(user_id, version))
    return StoredFile.objects.get(pk=file.pk)


def _grant_for_copy(user_id: int, source: Version) -> Grant:
    return grants.reserve(
        key=f"copy:{uuid.uuid4()}", user_id=user_id, resource="storage", amount=source.size, objects=1
    )


@transaction.atomic(durable=True)
def move_file(*, file_id: int, user_id: int, name: str, folder_id: int | None) -> StoredFile:
    """Give a file another name or folder. Raise NameTaken, NotThere."""
    file = _locked(file_id, user_id)
    folder = None if folder_id is None else Folder.objects.filter(pk=folder_id, owner_id=user_id).first()
    if folder_id is not None and folder is None:
        raise NotThere("There is no such folder.")
    _with_free_name(
        lambda: StoredFile.objects.filter(pk=file.pk).update(
            name=names.clean(name), folder=folder, changed_at=timezone.now()
        )
    )
    return StoredFile.objects.get(pk=file.pk)


def _with_free_name(write: Callable[[], Any]) -> Any:
    try:
        with transaction.atomic(savepoint=True):
            return write()
    except IntegrityError as error:
        if "file_name_is_free" in str(error) or "folder_name_is_free" in str(error):
            raise NameTaken("Something of that name is there already.") from error
        raise


# --- Folders ----------------------------------------------------------------------------------------------


@transaction.atomic(durable=True)
def create_folder(*, user_id: int, name: str, parent_id: int | None = None) -> Folder:
    """Make a folder. Raise NameTaken, NotThere, FolderTooDeep."""
    parent = None if parent_id is None else Folder.objects.filter(pk=parent_id, owner_id=user_id).first()
    if parent_id is not None and parent is None:
        raise NotThere("There is no such folder.")
    if len(trail(folder=parent)) >= DEEPEST:
        raise FolderTooDeep(f"At most {DEEPEST} folders lie in each other.")
    row: Folder = _with_free_name(
        lambda: Folder.objects.create(owner_id=user_id, parent=parent, name=names.clean(name))
    )
    return row


def trail(*, folder: Folder | None) -> list[Folder]:
    """Return the folders from the outermost to this one."""
    found: list[Folder] = []
    while folder is not None and len(found) < DEEPEST:
        found.insert(0, folder)
        folder = folder.parent
    return found


@transaction.atomic(durable=True)
def delete_folder(*, folder_id: int, user_id: int) -> int:
    """Delete a folder with those in it, and put their files into the trash; return how many files. Raise NotThere."""
    folder = Folder.objects.select_for_update(no_key=True).filter(pk=folder_id, owner_id=user_id).first()
    if folder is None:
        raise NotThere("There is no such folder.")
    keys, level = [folder.pk], [folder.pk]
    while level:
        level = list(Folder.objects.filter(parent__in=level).values_list("pk", flat=True))
        keys += level
    now: datetime = timezone.now()
    inside = StoredFile.objects.live().filter(folder__in=keys).order_by("pk").select_for_update(no_key=True)
    files = list(inside)
    StoredFile.objects.filter(pk__in=[file.pk for file in files]).update(trashed_at=now, folder=None)
    for file in files:
        signals.file_trashed.send(sender=StoredFile, file=file)
    folder.delete()
    return len(files)


def remaining(*, user_id: int) -> int | None:
    """Return how many bytes this person may still store, as the nearest of their limits has it; None without one."""
    reading.storage_of(user_id=user_id)
    now = timezone.now()
    free = [account.balance.remaining(now) for account in Account.objects.charged_to(user_id, "storage", now)]
    return min((each for each in free if each is not None), default=None)


def fits(*, user_id: int, size: int) -> bool:
    """Tell whether so many bytes have room now; only a reservation says that they will."""
    free = remaining(user_id=user_id)
    return size <= (allowance.LARGEST if free is None else free)
