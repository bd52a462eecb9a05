"""Finding by two to four tags at once, suggestions, and saving, on a million taggings over 50,000 tags.

300,000 things carry one to five tags each, drawn by a Zipf curve whose most used tag has a thirtieth of all taggings,
as on Stack Overflow. The questions are the pairs and triples of the most used tags and sixty sets that things carry;
each is asked for its newest twenty, and for twenty from the middle of all things. Ours is `tagging.find` as the page
calls it, with the things loaded as their reader may see them. The peers: django-taggit's filters, and joins written by
hand over its table with the index (tag, thing). Suggestions: three thousand texts of one to six letters, as popular as
the tags that they begin; taggit's are not in the order of use.

A third of taggit's time is the aim of saving, and is missed. What was tried: the hashes of slips, a hundred for each
tag, stood in the row whose count changes, and went into their index anew each time; beside it the time fell from 0.58
of taggit's to what stands here. What is left changes ten rows of counts, each with all its indexes.
"""

import sys
from functools import partial

from bench.contenders import Contender
from bench.rounds import compare

SIDE = "bench.sides.tagging"
ROUNDS = 5


def main() -> None:
    ours = Contender(SIDE, DATABASE_TIMEOUTS="off")
    taggit = Contender(SIDE, settings="bench.settings.labelled", DATABASE_TIMEOUTS="off")
    ours.send("begin_ours")
    taggit("begin_taggit")
    ours.answer()
    print(ours("plans"), file=sys.stderr, flush=True)
    for words, deep in (("the newest twenty", False), ("twenty from the middle", True)):
        compare(
            f"two to four tags at once, {words}",
            ours=partial(ours, "ask", deep=deep),
            peers={
                "django-taggit": partial(taggit, "ask", deep=deep),
                "joins": partial(taggit, "ask_plainly", deep=deep),
            },
            unit="ms",
            rounds=ROUNDS,
        )
    compare(
        "suggestions, in the database",
        ours=partial(ours, "complete"),
        peers={"django-taggit": partial(taggit, "complete")},
        unit="ms",
        rounds=ROUNDS,
    )
    compare("suggestions for a slip of the hand", ours=partial(ours, "complete_slips"), peers={}, unit="ms")
    compare("suggestions, over HTTP", ours=partial(ours, "complete_over_http"), peers={}, unit="ms", rounds=ROUNDS)
    compare(
        "saving five existing tags",
        ours=partial(ours, "save"),
        peers={"django-taggit": partial(taggit, "save")},
        unit="ms",
        rounds=ROUNDS,
    )
    ours.stop()
    taggit.stop()


if __name__ == "__main__":
    main()
