"""Two shapes in which discussions are carried from one hall to another, read and written one record at a time.

Plain values in and out; what cannot be read is given as a `Fault` with its place, and the rest goes on.
"""

from comments.exchange.disqus import read_disqus
from comments.exchange.lines import FORMAT, VERSION, header, line_of, read_lines
from comments.exchange.order import in_order
from comments.exchange.records import (
    BODY_MAX,
    KEY_MAX,
    STATES,
    TITLE_MAX,
    VERDICT_MAX,
    Author,
    CommentRecord,
    DiscussionRecord,
    Fault,
    Record,
    Unreadable,
)

__all__ = [
    "BODY_MAX",
    "FORMAT",
    "KEY_MAX",
    "STATES",
    "TITLE_MAX",
    "VERDICT_MAX",
    "VERSION",
    "Author",
    "CommentRecord",
    "DiscussionRecord",
    "Fault",
    "Record",
    "Unreadable",
    "header",
    "in_order",
    "line_of",
    "read_disqus",
    "read_lines",
]
