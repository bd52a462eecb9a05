"""Files: names in folders, their versions, the bytes behind them, and uploads on their way."""

import uuid
from datetime import datetime
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q, Sum
from django.utils import timezone

from quotas.models.accounts import Grant


class FolderQuerySet(models.QuerySet["Folder"]):
    def of_person(self, user_id: int, *, parent: "Folder | None") -> Self:
        return self.filter(owner_id=user_id, parent=parent).order_by("name")


class Folder(models.Model):
    """Kept simple: a name, at most in one other folder of the same person."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    parent = models.ForeignKey("self", models.CASCADE, null=True, related_name="children")
    name = models.CharField(max_length=200)
    created_at = models.DateTimeField(default=timezone.now)

    objects = FolderQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "parent", "name"], name="folder_name_is_free", nulls_distinct=False
            ),
            models.CheckConstraint(condition=~Q(name=""), name="folder_has_a_name"),
            models.CheckConstraint(condition=Q(parent=None) | ~Q(parent=F("id")), name="folder_is_not_in_itself"),
        ]

    def __str__(self) -> str:
        return self.name


class BlobQuerySet(models.QuerySet["Blob"]):
    def doomed(self) -> Self:
        return self.exclude(doomed_at=None)


class Blob(models.Model):
    """Bytes that never change once they are complete; copies and versions may share them."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    size = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    # Nothing points at it any more: the sweep deletes its parts, then the row.
    doomed_at = models.DateTimeField(null=True)

    objects = BlobQuerySet.as_manager()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(size__gte=0), name="blob_size_is_not_negative")]
        # The sweep.
        indexes = [models.Index(fields=["doomed_at"], name="quotas_blob_doomed", condition=Q(doomed_at__isnull=False))]

    def __str__(self) -> str:
        return str(self.pk)


class Part(models.Model):
    """One stored object of a blob: the bytes from `start` on."""

    blob = models.ForeignKey(Blob, models.CASCADE, related_name="parts")
    start = models.BigIntegerField()
    size = models.BigIntegerField()
    # Where the storage keeps it; never made from a name that somebody gave.
    path = models.CharField(max_length=200)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["blob", "start"], name="part_begins_once"),
            models.CheckConstraint(condition=Q(size__gt=0, start__gte=0), name="part_holds_something"),
        ]

    def __str__(self) -> str:
        return self.path


class StoredFileQuerySet(models.QuerySet["StoredFile"]):
    def visible_to(self, user: Any) -> Self:
        return self.filter(owner_id=user.pk)

    def live(self) -> Self:
        return self.filter(trashed_at=None)

    def trashed(self) -> Self:
        return self.exclude(trashed_at=None)

    def in_folder(self, folder: Folder | None) -> Self:
        return self.live().filter(folder=folder)

    def with_current(self) -> Self:
        return self.select_related("current", "folder")

    def largest(self) -> Self:
        return self.with_current().order_by("-current__size", "-pk")


class StoredFile(models.Model):
    """One file of a person, under a name."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    folder = models.ForeignKey(Folder, models.SET_NULL, null=True, related_name="+")
    name = models.CharField(max_length=200)
    current = models.ForeignKey("Version", models.RESTRICT, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    changed_at = models.DateTimeField(default=timezone.now)
    trashed_at = models.DateTimeField(null=True)

    objects = StoredFileQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "folder", "name"],
                name="file_name_is_free",
                nulls_distinct=False,
                condition=Q(trashed_at__isnull=True, owner__isnull=False),
            ),
            models.CheckConstraint(condition=~Q(name=""), name="file_has_a_name"),
        ]
        indexes = [
            # Lists of one folder and of the trash, newest first.
            models.Index(fields=["owner", "folder", "-changed_at", "-id"], name="quotas_file_list"),
            # The sweep that empties the trash.
            models.Index(fields=["trashed_at"], name="quotas_file_trash", condition=Q(trashed_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.name


class VersionQuerySet(models.QuerySet["Version"]):
    def visible_to(self, user: Any) -> Self:
        return self.filter(file__owner_id=user.pk)

    def of_person(self, user_id: int) -> Self:
        return self.filter(file__owner_id=user_id)

    def by_kind(self) -> list[tuple[str, int]]:
        """Return the bytes of each kind, most first; the trash and older versions are kinds of their own here."""
        trash, older, live = Q(file__trashed_at__isnull=False), ~Q(file__current=F("pk")), Q(file__trashed_at=None)
        sums = list(
            self.filter(live, file__current=F("pk")).values_list("kind").annotate(total=Sum("size")).order_by("kind")
        )
        rest = self.aggregate(trash=Sum("size", filter=trash), versions=Sum("size", filter=live & older))
        sums += [(name, total) for name, total in rest.items() if total]
        return sorted(sums, key=lambda pair: -pair[1])


class Version(models.Model):
    """What a file held from one moment on."""

    class Kind(models.TextChoices):
        IMAGE = "image", "pictures"
        VIDEO = "video", "films"
        AUDIO = "audio", "sound"
        DOCUMENT = "document", "documents"
        ARCHIVE = "archive", "archives"
        OTHER = "other", "other"

    class Picture(models.TextChoices):
        NONE = "", "none"
        DUE = "due", "due"
        MADE = "made", "made"
        FAILED = "failed", "cannot be made"

    file = models.ForeignKey(StoredFile, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    blob = models.ForeignKey(Blob, models.PROTECT, related_name="+")
    grant = models.OneToOneField(Grant, models.PROTECT, related_name="version")
    size = models.BigIntegerField()
    content_type = models.CharField(max_length=120)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    picture = models.CharField(max_length=10, choices=Picture.choices, blank=True)
    # When a worker took the picture up; after a while another one may.
    picture_taken_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)

    objects = VersionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["file", "number"], name="version_number_is_its_own"),
            models.CheckConstraint(condition=Q(size__gte=0), name="version_size_is_not_negative"),
        ]
        indexes = [
            # The sweep that makes small pictures.
            models.Index(fields=["id"], name="quotas_version_pictures", condition=Q(picture="due")),
            # Whether a blob is still needed.
            models.Index(fields=["blob"], name="quotas_version_blob"),
        ]

    def __str__(self) -> str:
        return f"{self.file}, version {self.number}"


class UploadQuerySet(models.QuerySet["Upload"]):
    def visible_to(self, user: Any) -> Self:
        return self.filter(owner_id=user.pk)

    def open(self) -> Self:
        return self.filter(finished_at=None)

    def expired(self, now: datetime) -> Self:
        return self.open().filter(expires_at__lte=now)


class Upload(models.Model):
    """Bytes on their way: how many are here, and what becomes of them when all are."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    # A finished one goes with its bytes.
    blob = models.ForeignKey(Blob, models.CASCADE, related_name="+")
    name = models.CharField(max_length=200)
    folder = models.ForeignKey(Folder, models.SET_NULL, null=True, related_name="+")
    # On: the file of that name keeps what it held as a version. Off: it is overwritten.
    keep_old = models.BooleanField(default=True)
    # Never a version: a file of its own, under the next free name where this one is taken.
    beside = models.BooleanField(default=False, db_default=False)
    # As the client sent it, for it to read again.
    metadata = models.CharField(max_length=4000, blank=True)
    length = models.BigIntegerField(null=True)
    received = models.BigIntegerField(default=0)
    # Rises with each request that takes bytes: an older one that is still at work can write nothing any more.
    fence = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    file = models.ForeignKey(StoredFile, models.SET_NULL, null=True, related_name="+")

    objects = UploadQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(received__gte=0), name="upload_received_is_not_negative"),
            models.CheckConstraint(
                condition=Q(length=None) | Q(received__lte=F("length")), name="upload_never_passes_its_length"
            ),
            models.CheckConstraint(
                condition=Q(finished_at=None) | Q(length=F("received")), name="upload_finished_is_complete"
            ),
        ]
        indexes = [
            # The sweep of what nobody finished, and what a person has under way.
            models.Index(fields=["expires_at"], name="quotas_upload_expiry"),
            models.Index(
                fields=["owner", "-created_at"], name="quotas_upload_of", condition=Q(finished_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}: {self.received} of {self.length}"

    @property
    def grant_key(self) -> str:
        return f"upload:{self.pk}"
