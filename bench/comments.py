"""A discussion of 10,000 comments, 25 deep as posted: its first page, replies to it, and all of it in order.

*The first page* is asked for by somebody signed in, through Django's test client and all middleware of each side. Ours
shows at most 200 comments, the best first, each with its votes, its links and how many replies it hides.
django-comments-xtd has no pages: its tag shows the whole tree. The pages of django-mptt and django-treebeard are the
first 200 in the order of the tree in the least of a template, without votes, counts or links, since these two are
trees and no comments. *A reply* is the form posted, each time by another person who has looked at a page before: ours
keeps its idempotency key, which is three of its statements, renders Markdown, looks for flood and repeats, follows the
thread and counts. *A reply, without HTTP* is our service
with all of that, and the row that the models of the two trees write. *In order* is all of the tree, depth-first: ours
as the page *All of it as text* reads it, a batch at a time, the peers as instances of their models.
"""

from functools import partial

from bench.contenders import Contender
from bench.rounds import compare

SIDE = "bench.sides.comments"
MEASURES = {"p50": "ms", "p95": "ms", "SQL statements": "statements", "comments on it": "comments"}


def main() -> None:
    ours = Contender(SIDE, DATABASE_TIMEOUTS="off")
    peers = Contender(SIDE, settings="bench.settings.threaded", DATABASE_TIMEOUTS="off")
    ours("begin_ours")
    peers("begin_peers")
    compare(
        "the first page",
        ours=partial(ours, "page", times=40),
        peers={
            "django-comments-xtd": partial(peers, "page", times=1),
            "django-mptt": partial(peers, "page", address="/nested", times=40),
            "django-treebeard": partial(peers, "page", address="/paths", times=40),
        },
        unit=MEASURES,
    )
    for words, parent in (("to the first comment", "first"), ("25 deep", "deepest")):
        compare(
            f"a reply {words}",
            ours=partial(ours, "post", parent=parent, times=60),
            peers={"django-comments-xtd": partial(peers, "post", parent=parent, times=60)},
            unit=MEASURES,
        )
        compare(
            f"a reply {words}, without HTTP",
            ours=partial(ours, "answer", parent=parent, times=60),
            peers={
                "django-mptt": partial(peers, "answer", kind="nested", parent=parent, times=60),
                "django-treebeard": partial(peers, "answer", kind="paths", parent=parent, times=60),
            },
            unit=MEASURES,
        )
    compare(
        "all 10,000 in order",
        ours=partial(ours, "read"),
        peers={
            "django-comments-xtd": partial(peers, "read", kind="xtd"),
            "django-mptt": partial(peers, "read", kind="nested"),
            "django-treebeard": partial(peers, "read", kind="paths"),
        },
        unit="ms",
    )
    ours.stop()
    peers.stop()


if __name__ == "__main__":
    main()
