"""All flags as one JSON document, out and in again, so that they can live in a repository."""

from typing import Any

from django.db import transaction

from featureflags.evaluation.wording import differences
from featureflags.models import Flag, FlagChange, Segment
from featureflags.services.changes import save_flag, save_segment
from featureflags.services.errors import DefinitionRefused
from sessions_app.models import User

FORMAT = "guildhall-flags-1"


def export_flags() -> dict[str, Any]:
    """Return every flag and segment; the order is fixed, so that a repository shows only what changed."""
    return {
        "format": FORMAT,
        "segments": [segment.state for segment in Segment.objects.order_by("key")],
        "flags": [flag.state for flag in Flag.objects.order_by("key")],
    }


@transaction.atomic(durable=True)
def import_flags(*, document: Any, why: str, by: User | None, dry_run: bool) -> dict[str, list[str]]:
    """Create and change what the document holds, all or nothing; return what differs, by key. Nothing is removed.

    Flags that need each other may stand in any order. With `dry_run` everything is checked and nothing kept.
    """
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise DefinitionRefused("format", f"must be {FORMAT}: this is not an export of flags")
    found: dict[str, list[str]] = {}
    for kind, model, save in (("segments", Segment, save_segment), ("flags", Flag, save_flag)):
        states = document.get(kind, [])
        if not isinstance(states, list) or not all(isinstance(state, dict) for state in states):
            raise DefinitionRefused(kind, "must be a list of objects")
        for state in _in_order(states):
            held = model.objects.filter(key=str(state.get("key"))[:80].replace("\0", "")).first()
            before = held.state if held else None
            row = save(state=state, version=held.version if held else None, why=why, by=by, act=FlagChange.Act.IMPORTED)
            lines = differences(before, row.state)
            if lines:
                found[f"{kind[:-1]} {row.key}"] = lines
    if dry_run:
        transaction.set_rollback(True)
    return found


def _in_order(states: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what is needed before what needs it; a circle keeps its order and is refused when it is saved."""
    by_key = {str(state.get("key")): state for state in states}
    ordered: dict[str, dict[str, Any]] = {}
    waiting = list(by_key)
    while waiting:
        ready = [key for key in waiting if not (_needed(by_key[key]) & set(waiting)) - {key}] or waiting
        ordered |= {key: by_key[key] for key in ready}
        waiting = [key for key in waiting if key not in ordered]
    return list(ordered.values())


def _needed(state: dict[str, Any]) -> set[str]:
    held = state.get("rules")
    rules = held if isinstance(held, list) else []
    parts = [state, *(rule for rule in rules if isinstance(rule, dict))]
    return {str(name) for part in parts if isinstance(part.get("requires"), dict) for name in part["requires"]}
