"""Files at things of upper apps: who may see the thing may see the file."""

from collections.abc import Iterable
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import models, transaction
from django.http import HttpRequest

from lib import targets
from quotas.models import ATTACHED_MAX, Attachment, StoredFile
from quotas.services import uploads
from quotas.services.errors import NotAttachable, NotThere

# Where an upload handler leaves word at the request.
REFUSED = "_quotas_refused"


def why_not_read(*, request: HttpRequest) -> str:
    """Return why the files of a form were not read, since there is no room for them; "" when they were."""
    sentence: str = getattr(request, REFUSED, "")
    return sentence


def takes_files(*, kind: type[models.Model]) -> bool:
    """Tell whether things of this model may have files: those that say so with a relation to attachments."""
    return kind._meta.label_lower in targets.declaring(Attachment)


def store_sent(*, sent: Iterable[UploadedFile], by: Any) -> list[int]:
    """Store what came with a form among the files of this person; return the keys. Raise QuotaExceeded.

    Each is a file of its own, under a name that is free: as a version it would change what is attached elsewhere.
    What came before one that has no room stays.
    """
    stored = []
    for file in sent:
        kept = uploads.store(user_id=by.pk, name=file.name or "", size=file.size or 0, stream=file, beside=True)
        stored.append(kept.pk)
    return stored


@transaction.atomic(savepoint=False)
def attach_files(*, file_ids: Iterable[int], target: models.Model, by: Any) -> None:
    """Attach files of this person to a thing, each once, in the caller's transaction.

    That `by` may add to the thing is for the caller to know. Raise NotAttachable or NotThere.
    """
    if not takes_files(kind=type(target)):
        raise NotAttachable("Files cannot be attached to this.")
    wanted = set(file_ids)
    if len(wanted) > ATTACHED_MAX:
        raise NotAttachable(f"At most {ATTACHED_MAX} files can be attached.")
    # Locked: one that is deleted at this moment is told, and no fault of ours.
    rows = StoredFile.objects.live().visible_to(by).filter(pk__in=wanted).order_by("pk")
    found = list(rows.select_for_update(no_key=True))
    if len(found) < len(wanted):
        raise NotThere("There is no such file.")
    kind, pk = targets.place_of(target)
    attached = [Attachment(file=file, content_type_id=kind, object_id=pk, by=by) for file in found]
    Attachment.objects.bulk_create(attached, ignore_conflicts=True)


@transaction.atomic(durable=True)
def detach_file(*, attachment_id: int, by: Any) -> bool:
    """Take a file of this person away from a thing; the file stays. Return False when it was not there."""
    return bool(Attachment.objects.filter(pk=attachment_id, file__owner=by).delete()[0])


def is_visible(*, attachment: Attachment, user: Any) -> bool:
    """Tell whether somebody may see a file through what it is attached to.

    That is who may see the thing, unless its model decides with `shows_files_to(user)`: a tombstone is seen, and its
    files are not.
    """
    kind = attachment.content_type.model_class()
    if kind is None or not takes_files(kind=kind) or attachment.file.trashed_at is not None:
        return False
    target: Any = attachment.target
    if target is None:
        return False
    decides = getattr(target, "shows_files_to", None)
    return bool(decides(user)) if decides else type(target).objects.visible_to(user).filter(pk=target.pk).exists()
