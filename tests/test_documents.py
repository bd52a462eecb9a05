"""What the documents name exists: files, links, commands, targets of make, tests, keys, apps and limits."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from django.conf import settings
from django.core.management import get_commands

from tests.conventions.layers import APPS
from tests.conventions.source import ROOT, calls, dotted, real_tree

DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)|(?:src|srcset)=\"([^\"]+)\"")
PATH = re.compile(r"\.?[\w-]+(?:/[\w.<>-]+)*/?")
ENDINGS = (".py", ".md", ".html", ".css", ".js", ".toml", ".txt", ".sh", ".example", ".svg", ".png")
# Folders and files that a hall makes when it runs, not in the repository.
MADE = {".venv", ".env", "var", "postgres", "redis", "mail", "static", "DATA_DIR"}
COMMAND = re.compile(r"manage\.py ([a-z_]+)")
TARGET = re.compile(r"\bmake ([a-z]+)\b")
TEST = re.compile(r"(tests/[\w/]+\.py)::(\w+)")


class Words(NamedTuple):
    """Something that a document says in code, and where."""

    document: Path
    text: str

    def __str__(self) -> str:
        return f"{self.document.relative_to(ROOT)}: {self.text}"


def inline_code() -> Iterator[Words]:
    for document in DOCUMENTS:
        for code in re.findall(r"`([^`\n]+)`", FENCE.sub("", document.read_text())):
            yield Words(document, code)


def all_code() -> Iterator[Words]:
    yield from inline_code()
    for document in DOCUMENTS:
        for block in FENCE.findall(document.read_text()):
            yield from (Words(document, line) for line in block.splitlines())


def anchors(document: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", document.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def is_there(words: Words) -> bool:
    """Look for a path from the root, from the document, or, for a bare name, anywhere."""
    text = words.text.rstrip("/")
    if text.split("/")[0] in MADE:
        return True
    if (ROOT / text).exists() or (words.document.parent / text).exists():
        return True
    if words.text.endswith("/"):
        # A folder that several apps have.
        return any(f"/{words.text}" in source.path for source in real_tree())
    return "/" not in text and any(Path(source.path).name == text for source in real_tree())


def test_there_are_documents_to_look_at():
    names = {document.relative_to(ROOT).as_posix() for document in DOCUMENTS}

    assert {"README.md", "ARCHITECTURE.md", "SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md"} <= names
    assert len([name for name in names if re.match(r"docs/adr/\d{4}-", name)]) > 10


def test_every_path_that_a_document_names_exists():
    named = [
        words
        for words in inline_code()
        if PATH.fullmatch(words.text) and (words.text.endswith(ENDINGS) or words.text.endswith("/"))
        if "<" not in words.text
    ]

    assert len(named) > 40
    assert [str(words) for words in named if not is_there(words)] == []


def test_a_path_that_is_gone_would_be_noticed():
    assert not is_there(Words(ROOT / "README.md", "sessions_app/gone.py"))
    assert not is_there(Words(ROOT / "README.md", "gone.py"))
    assert not is_there(Words(ROOT / "README.md", "management/gone/"))
    assert is_there(Words(ROOT / "README.md", "preferences/models.py"))


def test_every_link_leads_somewhere():
    broken = []
    for document in DOCUMENTS:
        for target in (one or other for one, other in LINK.findall(FENCE.sub("", document.read_text()))):
            if target.startswith("https://"):
                continue
            path, _, anchor = target.partition("#")
            there = document.parent / path if path else document
            if not there.exists() or (anchor and anchor not in anchors(there)):
                broken.append(f"{document.name}: {target}")

    assert broken == []


def test_every_decision_is_on_the_list_of_decisions():
    folder = ROOT / "docs/adr"
    files = {path.name for path in folder.glob("0*.md")}

    listed = re.findall(r"\((\d{4}-[\w-]+\.md)\)", (folder / "README.md").read_text())

    assert sorted(listed) == sorted(files)
    assert [int(name[:4]) for name in listed] == list(range(1, len(listed) + 1))


def test_every_command_and_every_target_exists():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    commands = set(get_commands())

    named = [(words, COMMAND.findall(words.text), TARGET.findall(words.text)) for words in all_code()]

    assert {"run", "test", "check", "fix", "lock"} <= {target for *_, found in named for target in found} <= targets
    assert {"clearsessions", "seed_demo"} <= {name for _, found, _ in named for name in found} <= commands


def test_every_test_that_a_document_names_exists():
    tests = {
        (source.path, node.name)
        for source in real_tree()
        if source.app == "tests" and source.is_python
        for node in source.tree.body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }

    named = {pair for words in all_code() for pair in TEST.findall(words.text)}

    assert len(named) > 40
    assert sorted(named - tests) == []


def test_every_requirement_of_the_standard_has_its_line():
    text = (ROOT / "SECURITY.md").read_text()
    counts = {"7.1": 3, "7.2": 4, "7.3": 2, "7.4": 5, "7.5": 3, "7.6": 2, "3.3": 5}

    rows = re.findall(r"^\| (\d\.\d\.\d) \|.*\| (.+) \|$", text, re.MULTILINE)

    assert [name for name, _ in rows] == [f"{head}.{n}" for head, count in counts.items() for n in range(1, count + 1)]
    assert [name for name, proof in rows if not TEST.search(proof)] == []


@pytest.mark.parametrize(
    ("role", "words"),
    [("staff", "an operator"), ("remembered", "a member, remembered"), ("member", "a member, not remembered")],
)
def test_the_limits_of_sessions_are_those_of_the_settings(role, words):
    row = re.search(rf"^\| {words} \| (.+) \| (.+) \|$", (ROOT / "SECURITY.md").read_text(), re.MULTILINE)

    assert row
    assert tuple(_seconds(cell) for cell in row.groups()) == tuple(
        limit.total_seconds() for limit in settings.SESSION_LIMITS[role]
    )
    assert f"at most {settings.SESSION_MAX_PER_PERSON} sessions" in (ROOT / "SECURITY.md").read_text()


def _seconds(words: str) -> int:
    number, unit = words.split()
    return int(number) * {"minutes": 60, "hours": 3600, "days": 86400}[unit]


def test_the_map_says_honestly_which_apps_are_there():
    rows = re.findall(r"^\| `(\w+)` \| .+ \| (here|not yet) \|$", (ROOT / "README.md").read_text(), re.MULTILINE)

    assert {name for name, _ in rows} == APPS
    assert {name for name, state in rows if state == "here"} == APPS & set(settings.INSTALLED_APPS)


def keys_of(path: str) -> list[str]:
    return re.findall(r"^([A-Z_]+)=", (ROOT / path).read_text(), re.MULTILINE)


def test_the_example_explains_every_key_that_is_read_and_no_other():
    read = {
        call.args[0].value
        for source in real_tree()
        if source.app == "config" or source.path == "deploy/local/run.py"
        for call in calls(source.tree)
        if re.fullmatch(r"(self\._)?env\.\w+|os\.environ\.get", dotted(call.func))
        if call.args and isinstance(call.args[0], ast.Constant)
    }

    keys = keys_of(".env.example")

    assert len(keys) == len(set(keys))
    assert set(keys) == read


def test_the_example_for_production_uses_known_keys():
    assert set(keys_of("deploy/production.env.example")) <= set(keys_of(".env.example"))
