"""Reads what hangs on the noticeboard of the demo hall: demo_board.md, a heading and a line of facts for each."""

import re
from pathlib import Path
from typing import NamedTuple

PAGE = Path(__file__).with_suffix(".md")
FACTS = re.compile(r"(?P<who>\w+), (?P<days>\d+) days ago: (?P<tags>.+)")


class Sheet(NamedTuple):
    """One discussion: who opened it how many days ago, and what it says."""

    who: str
    days: int
    title: str
    body: str
    tags: list[str]


def sheets() -> list[Sheet]:
    return [_sheet(*part.split("\n\n", 2)) for part in re.split(r"^# ", PAGE.read_text(), flags=re.MULTILINE)[1:]]


def _sheet(title: str, line: str, body: str) -> Sheet:
    facts = FACTS.fullmatch(line)
    if facts is None:
        raise ValueError(f"{PAGE.name}: below “{title}” stands no line of facts")
    return Sheet(facts["who"], int(facts["days"]), title, body.strip(), facts["tags"].split(", "))
