"""Everything that reads and writes about tags across rows."""

from tagging.services.errors import NamesRefused, NotAllowed, TaggingError, TooLate, UnknownTag
from tagging.services.finding import Finding, Wanted, count_found, find, read_address, read_tags, related_tags
from tagging.services.following import News, chosen_tags, follow_tag, followers_with_news, take_news, unfollow_tag
from tagging.services.labelling import Source, check_names, move_item, set_tags, split_names, tags_of
from tagging.services.merging import begin_merge, continue_merge, continue_merges, finish_merge, undo_merge
from tagging.services.suggesting import Suggestion, refresh_shortlists, suggest
from tagging.services.upkeep import FileRefused, import_tags, recount_tags, retire_unused_tags, sweep_strays
from tagging.services.vocabulary import (
    add_implication,
    add_synonym,
    describe_tag,
    remove_implication,
    remove_synonym,
    rename_tag,
    set_standing,
    spread_implication,
)

__all__ = [
    "FileRefused",
    "Finding",
    "NamesRefused",
    "News",
    "NotAllowed",
    "Source",
    "Suggestion",
    "TaggingError",
    "TooLate",
    "UnknownTag",
    "Wanted",
    "add_implication",
    "add_synonym",
    "begin_merge",
    "check_names",
    "chosen_tags",
    "continue_merge",
    "continue_merges",
    "count_found",
    "describe_tag",
    "find",
    "finish_merge",
    "follow_tag",
    "followers_with_news",
    "import_tags",
    "move_item",
    "read_address",
    "read_tags",
    "recount_tags",
    "refresh_shortlists",
    "related_tags",
    "remove_implication",
    "remove_synonym",
    "rename_tag",
    "retire_unused_tags",
    "set_standing",
    "set_tags",
    "split_names",
    "spread_implication",
    "suggest",
    "sweep_strays",
    "tags_of",
    "take_news",
    "undo_merge",
    "unfollow_tag",
]
