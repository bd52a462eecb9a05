"""What the snapshot of a process is made from."""

import structlog
from django.db import transaction

from featureflags.evaluation.engine import compile_flags
from featureflags.models import Flag, Segment, Stamp
from featureflags.snapshot import Snapshot

log = structlog.get_logger(__name__)


@transaction.atomic(savepoint=True)
def read_stamp() -> int:
    """Return the stamp of the newest change; a savepoint, so that a failure leaves a caller's transaction alone."""
    return Stamp.objects.values_list("version", flat=True).first() or 0


@transaction.atomic(savepoint=True)
def read_snapshot() -> Snapshot:
    """Return all definitions, compiled; the stamp is read first, so a change meanwhile is only read twice."""
    version = Stamp.objects.values_list("version", flat=True).first() or 0
    flags = [(flag.plain, flag.killed_at is not None) for flag in Flag.objects.active().order_by("key")]
    segments = [segment.plain for segment in Segment.objects.order_by("key")]
    return Snapshot(version, compile_flags(flags, segments, broken=_tell))


def _tell(key: str, error: Exception) -> None:
    log.error("flag_not_compiled", key=key, error=repr(error)[:200])
