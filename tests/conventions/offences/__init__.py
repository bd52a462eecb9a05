"""For each rule, snippets that break it in one place, and snippets that look alike and are right."""

from typing import NamedTuple


class Cases(NamedTuple):
    caught: list[tuple[str, str]]
    allowed: list[tuple[str, str]]
