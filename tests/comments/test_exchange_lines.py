"""Whatever a line says, the reader of lines gives a record or a fault."""

import json

from hypothesis import given
from hypothesis import strategies as st

from comments import exchange
from comments.exchange import CommentRecord, DiscussionRecord, Fault
from tests.comments.test_exchange import HEAD

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.floats(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(
    fields=st.dictionaries(
        st.sampled_from([*CommentRecord.__slots__, *DiscussionRecord.__slots__, "kind", "x"]), JSON, max_size=8
    ),
    kind=st.sampled_from(["comment", "discussion"]),
)
def test_no_line_makes_the_reader_raise(fields, kind):
    line = json.dumps({"kind": kind} | fields)

    (found,) = list(exchange.read_lines(Lines([HEAD, line])))

    assert isinstance(found, Fault | CommentRecord | DiscussionRecord)


class Lines:
    """A stream of lines in memory."""

    def __init__(self, lines):
        self.lines = [f"{line}\n".encode("utf-8", "surrogatepass") for line in lines]

    def readline(self, size):
        return self.lines.pop(0) if self.lines else b""
