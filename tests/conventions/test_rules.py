"""Each rule passes the real tree, and is seen to catch what it forbids."""

import inspect
import re

import pytest

from tests.conventions import layers, pages, transactions, words, writing
from tests.conventions.offences import (
    against_layers,
    against_pages,
    against_transactions,
    against_words,
    against_writing,
)
from tests.conventions.source import Rule, Source, real_tree

RULES = [
    rule
    for module in (layers, pages, transactions, words, writing)
    for name, rule in inspect.getmembers(module, inspect.isfunction)
    if rule.__module__ == module.__name__ and list(inspect.signature(rule).parameters) == ["sources"]
]

OFFENCES = {
    **against_layers.OFFENCES,
    **against_pages.OFFENCES,
    **against_transactions.OFFENCES,
    **against_words.OFFENCES,
    **against_writing.OFFENCES,
}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_project_keeps_the_rule(rule: Rule) -> None:
    found = rule(real_tree())

    assert not found, "\n" + "\n".join(found)


@pytest.mark.parametrize(
    ("rule", "path", "text"),
    [
        pytest.param(rule, path, text, id=f"{rule.__name__}-{number}")
        for rule, cases in OFFENCES.items()
        for number, (path, text) in enumerate(cases.caught)
    ],
)
def test_an_offence_is_caught(rule: Rule, path: str, text: str) -> None:
    files = _files(path, text)

    found = rule(files)

    assert len(found) == 1
    assert re.match(r"\S+:\d+ \S+ .+", found[0])


@pytest.mark.parametrize(
    ("rule", "path", "text"),
    [
        pytest.param(rule, path, text, id=f"{rule.__name__}-{number}")
        for rule, cases in OFFENCES.items()
        for number, (path, text) in enumerate(cases.allowed)
    ],
)
def test_the_right_way_is_not_caught(rule: Rule, path: str, text: str) -> None:
    assert rule(_files(path, text)) == []


def test_every_rule_has_a_snippet_that_breaks_it() -> None:
    assert {rule.__name__ for rule in RULES} == {rule.__name__ for rule in OFFENCES}
    assert all(cases.caught and cases.allowed for cases in OFFENCES.values())


def test_the_real_tree_is_really_read() -> None:
    paths = {source.path for source in real_tree()}

    assert {"config/settings.py", "preferences/models.py", "tests/conventions/source.py", "pyproject.toml"} <= paths
    assert not any(path.startswith((".venv", "var/", ".git/")) for path in paths)


def _files(path: str, text: str) -> list[Source]:
    """Split `text` at lines `== path` into more files, for rules that look at two at once."""
    first, *others = text.split("\n== ")
    files = [Source(path, first.strip("\n") + "\n")]
    for other in others:
        name, _, content = other.partition("\n")
        files.append(Source(name, content))
    return files
