"""Rules about every file's text, and about how tests are written."""

import re
from collections.abc import Sequence

from tests.conventions.source import LEVEL, Source, called, calls, dotted, imports

# The character classes keep these patterns from finding themselves.
UNFINISHED = re.compile(r"\b(TO[D]O|FI[X]ME|XX[X]|HA[C]K|TB[D])\b|[l]orem ipsum", re.ASCII)
MACHINE = re.compile(
    r"(?<![\w.])/(wor[k]|roo[t])/|/tm[p]/(wt|brief|dev|agent)\b|(?<![\w.])/hom[e]/[a-z]"
    r"|\b(pyp[i]|files\.pythonhoste[d])\.(org|io)\b|registry\.npmj[s]|npmj[s]\.(org|com)|de[b]\.debian\.org"
    r"|--(extra-)?index-ur[l]|--find-link[s]",
    re.IGNORECASE,
)


def nothing_is_unfinished(sources: Sequence[Source]) -> list[str]:
    return _search(sources, UNFINISHED, "is a note to finish later")


def nothing_names_a_machine(sources: Sequence[Source]) -> list[str]:
    return _search(sources, MACHINE, "names a machine's folder or a package host")


def _search(sources: Sequence[Source], pattern: re.Pattern[str], sentence: str) -> list[str]:
    return [
        source.at(number, f"{match.group(0)!r} {sentence}")
        for source in sources
        for number, line in enumerate(source.text.splitlines(), 1)
        for match in pattern.finditer(line)
    ]


def tests_never_sleep(sources: Sequence[Source]) -> list[str]:
    found = []
    for source in sources:
        if not (source.is_python and source.app == "tests"):
            continue
        named = {name for each in imports(source) if each.module == "time" for name in each.names}
        found += [
            source.at(call, "sleeps; wait for what must happen, with a limit")
            for call in calls(source.tree)
            if dotted(call.func) == "time.sleep" or (called(call) == "sleep" and "sleep" in named)
        ]
    return found


def tests_mock_nothing_of_ours(sources: Sequence[Source]) -> list[str]:
    return [
        source.at(call, f"replaces {call.args[0].value}, which is ours")
        for source in sources
        if source.is_python and source.app == "tests"
        for call in calls(source.tree)
        if re.search(r"(^|\.)patch(\.object|\.multiple|\.dict)?$", dotted(call.func))
        if call.args and isinstance(getattr(call.args[0], "value", None), str)
        if call.args[0].value.split(".")[0] in LEVEL
    ]
