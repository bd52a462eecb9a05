"""Every write about flags; reading is done by the snapshot of each process."""

from featureflags.services.changes import (
    archive_flag,
    change_flag,
    change_segment,
    kill_flag,
    restore_flag,
    roll_out_flag,
    undo_change,
)
from featureflags.services.counting import take_over_counts
from featureflags.services.errors import DefinitionRefused, FlagError, NoSuchFlag, ReasonMissing, StaleVersion
from featureflags.services.exchange import export_flags, import_flags
from featureflags.services.people import addresses_of, person_named
from featureflags.services.reading import read_snapshot, read_stamp

__all__ = [
    "DefinitionRefused",
    "FlagError",
    "NoSuchFlag",
    "ReasonMissing",
    "StaleVersion",
    "addresses_of",
    "archive_flag",
    "change_flag",
    "change_segment",
    "export_flags",
    "import_flags",
    "kill_flag",
    "person_named",
    "read_snapshot",
    "read_stamp",
    "restore_flag",
    "roll_out_flag",
    "take_over_counts",
    "undo_change",
]
