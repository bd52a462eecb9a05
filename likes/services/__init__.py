"""Everything that reads and writes about reactions across rows."""

from likes.services.acts import clear_reaction, set_reaction
from likes.services.errors import KindNotAllowed, LikesError, OwnThing
from likes.services.notices import (
    NoticeQueue,
    claim_notice,
    due_notices,
    give_back,
    mute_notices,
    record_notice,
    send_notices,
    unmute_notices,
)
from likes.services.reading import Choice, Standing, read_standing, standings
from likes.services.upkeep import count_strays, reconcile_likes, sweep_strays

__all__ = [
    "Choice",
    "KindNotAllowed",
    "LikesError",
    "NoticeQueue",
    "OwnThing",
    "Standing",
    "claim_notice",
    "clear_reaction",
    "count_strays",
    "due_notices",
    "give_back",
    "mute_notices",
    "read_standing",
    "reconcile_likes",
    "record_notice",
    "send_notices",
    "set_reaction",
    "standings",
    "sweep_strays",
    "unmute_notices",
]
