"""What things are called: tags, what carries them, and how the vocabulary is kept clean.

Invariants:

1. One tag for each meaning: the normalised name is unique (`tagging/names.py`), and so is what it looks like.
2. `usage_count` equals the number of taggings, always: the statement that changes taggings changes the count, by the
   trigger that likes are counted with. A thing carries a tag once, and its array of tags is its taggings.
3. A synonym points at a canonical tag in one step: a foreign key over (key, is canonical) lets no chain or cycle stand.
   Implications have no cycles.

A thing can be tagged when its model declares `tags = GenericRelation("tagging.Item")` and has `visible_to(user)`,
`get_absolute_url()` and `created_at`, which is its place among what is found, newest first.
"""

from tagging.models.follows import TagFollow
from tagging.models.labels import COUNTED, TAGS_MAX, Item, Tagging
from tagging.models.merges import Merge, MergeDrop
from tagging.models.vocabulary import (
    DESCRIPTION_MAX,
    Beginning,
    Implication,
    Shortlist,
    Slips,
    Tag,
    TagChange,
    TagGroup,
)

__all__ = [
    "COUNTED",
    "DESCRIPTION_MAX",
    "TAGS_MAX",
    "Beginning",
    "Implication",
    "Item",
    "Merge",
    "MergeDrop",
    "Shortlist",
    "Slips",
    "Tag",
    "TagChange",
    "TagFollow",
    "TagGroup",
    "Tagging",
]
