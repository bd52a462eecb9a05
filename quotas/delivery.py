"""Work that leaves the process: small pictures of images, and mails about limits. Claim, then work, then record."""

import io
import tempfile
import warnings
from datetime import timedelta
from typing import IO

import structlog
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from PIL import Image, ImageOps

from quotas import mails, paths
from quotas.models import Notice, Part, Version

log = structlog.get_logger(__name__)

EDGE_PIXELS = 320
# A picture of more is refused before it is unpacked: a small file can hold one of terabytes.
MOST_PIXELS = 50_000_000
FORMATS = ("PNG", "JPEG", "GIF", "WEBP")
LEASE = timedelta(minutes=5)
CHUNK_BYTES = 64 * 1024


# --- Small pictures ---------------------------------------------------------------------------------------


def draw_pictures(*, limit: int = 50) -> int:
    """Draw the small pictures that are due; return how many were made."""
    made = 0
    for _ in range(limit):
        version = _claim()
        if version is None:
            break
        drawn = _draw(version)
        if drawn is not None:
            path = paths.picture_of(version.blob_id)
            default_storage.delete(path)
            default_storage.save(path, ContentFile(drawn))
            made += 1
        state = Version.Picture.FAILED if drawn is None else Version.Picture.MADE
        Version.objects.filter(pk=version.pk).update(picture=state)
    return made


@transaction.atomic(durable=True)
def _claim() -> Version | None:
    now = timezone.now()
    free = Q(picture_taken_at=None) | Q(picture_taken_at__lte=now - LEASE)
    rows = Version.objects.filter(free, picture=Version.Picture.DUE).order_by("pk")
    version = rows.select_for_update(skip_locked=True).first()
    if version is not None:
        Version.objects.filter(pk=version.pk).update(picture_taken_at=now)
    return version


def _draw(version: Version) -> bytes | None:
    """Return a WebP of at most 320 pixels each way; None for what is no picture, or is too large a one."""
    with tempfile.TemporaryFile() as whole:
        try:
            _collect(version, whole)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return _reduced(whole)
        except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
            # What Pillow raises for files that are broken, or only look like pictures.
            log.info("picture_not_drawn", version_id=version.pk, error=type(error).__name__)
            return None


def _collect(version: Version, whole: IO[bytes]) -> None:
    for part in Part.objects.filter(blob_id=version.blob_id).order_by("start"):
        with default_storage.open(part.path) as stored:
            for chunk in stored.chunks(CHUNK_BYTES):
                whole.write(chunk)
    whole.seek(0)


def _reduced(whole: IO[bytes]) -> bytes:
    with Image.open(whole, formats=FORMATS) as image:
        if image.width * image.height > MOST_PIXELS:
            raise ValueError("too many pixels")
        image.draft("RGB", (2 * EDGE_PIXELS, 2 * EDGE_PIXELS))
        small = ImageOps.exif_transpose(image)
        small = small.convert("RGBA" if "A" in small.getbands() or "transparency" in small.info else "RGB")
        small.thumbnail((EDGE_PIXELS, EDGE_PIXELS))
        out = io.BytesIO()
        small.save(out, "WEBP", quality=80)
        return out.getvalue()


# --- Mails ------------------------------------------------------------------------------------------------


def mail_notices(*, limit: int = 200) -> int:
    """Mail the notices that nobody was mailed yet; return how many. Each is marked in the transaction that sends it."""
    mailed = 0
    while mailed < limit and _mail_one():
        mailed += 1
    return mailed


@transaction.atomic(durable=True)
def _mail_one() -> bool:
    rows = Notice.objects.unmailed().order_by("raised_at").select_for_update(skip_locked=True)
    notice = rows.first()
    if notice is None:
        return False
    # Of several levels that were passed at once, the highest says it all.
    passed = Notice.objects.unmailed().filter(account_id=notice.account_id)
    highest = passed.select_related("account__user", "account__group").order_by("-level").first()
    passed.update(mailed_at=timezone.now())
    if highest is not None:
        mails.limit_near(notice=highest)
    return True
