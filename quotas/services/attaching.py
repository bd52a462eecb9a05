"""Files at things of upper apps: who may see the thing may see the file."""

from typing import Any

from django.contrib.contenttypes.fields import GenericRelation
from django.contrib.contenttypes.models import ContentType
from django.db import models, transaction

from quotas.models import Attachment, StoredFile
from quotas.services.errors import NotAttachable, NotThere


def takes_files(*, kind: type[models.Model]) -> bool:
    """Tell whether things of this model may have files: those that say so with a relation to attachments."""
    fields = kind._meta.private_fields
    return any(isinstance(each, GenericRelation) and each.related_model is Attachment for each in fields)


@transaction.atomic(savepoint=False)
def attach_file(*, file_id: int, target: models.Model, by: Any) -> Attachment:
    """Attach a file of this person to a thing that they may see, once, in the caller's transaction.

    Raise NotAttachable or NotThere.
    """
    if not takes_files(kind=type(target)):
        raise NotAttachable("Files cannot be attached to this.")
    file = StoredFile.objects.live().visible_to(by).filter(pk=file_id).first()
    if file is None or not _may_see(target, by):
        raise NotThere("There is no such file.")
    row, _ = Attachment.objects.get_or_create(
        file=file,
        content_type=ContentType.objects.get_for_model(target),
        object_id=target.pk,
        defaults={"by": by},
    )
    return row


@transaction.atomic(savepoint=False)
def detach_file(*, attachment_id: int, by: Any) -> bool:
    """Take a file of this person away from a thing; return False when it was not there."""
    return bool(Attachment.objects.filter(pk=attachment_id, file__owner=by).delete()[0])


def is_visible(*, attachment: Attachment, user: Any) -> bool:
    """Tell whether somebody may see a file through what it is attached to."""
    kind = attachment.content_type.model_class()
    if kind is None or not takes_files(kind=kind) or attachment.file.trashed_at is not None:
        return False
    target = attachment.target
    return target is not None and _may_see(target, user)


def _may_see(target: models.Model, user: Any) -> bool:
    rows = type(target)._default_manager.visible_to(user)  # type: ignore[attr-defined]
    return bool(rows.filter(pk=target.pk).exists())
