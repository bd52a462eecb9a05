"""The flags of the invented hall: one that is rolling out, one for a few people, a notice, and the open door."""

from typing import Any

from featureflags.models import Flag, FlagChange, Segment
from featureflags.services import changes, people

WHY = "Part of the demo hall"
ON_OFF = {"on": True, "off": False}


def seed(scene: Any) -> dict[str, int]:
    """Create what is not there yet; return how many rows of each kind now exist. Joins the caller's transaction."""
    olga = people.person_named(name="olga@demo.test")
    segment = {
        "key": "keepers",
        "description": "Who keeps the hall",
        "conditions": [{"attribute": "staff", "operator": "equals", "value": True}],
    }
    if not Segment.objects.filter(key="keepers").exists():
        changes.save_segment(state=segment, version=None, why=WHY, by=olga)
    for state in _flags():
        if not Flag.objects.filter(key=state["key"]).exists():
            changes.save_flag(state=state, version=None, why=WHY, by=olga)
    return {"flags": Flag.objects.count(), "changes": FlagChange.objects.count()}


def _flags() -> list[dict[str, Any]]:
    return [
        {
            "key": "signup_open",
            "type": "boolean",
            "description": "Whether strangers may join. Kill it to close the door.",
            "owner": "Olga",
            "tags": ["door"],
            "permanent": True,
            "variants": ON_OFF,
            "off": "off",
            "default": "on",
        },
        {
            "key": "home_notice",
            "type": "string",
            "description": "A line on everybody’s home page; nothing is shown while it is empty.",
            "owner": "Olga",
            "tags": ["home"],
            "permanent": True,
            "variants": {"none": "", "repair": "The laser cutter is away for repair. The printers are all yours."},
            "off": "none",
            "default": "none",
            "rules": [{"name": "Keepers see it first", "segments": ["keepers"], "serve": "repair"}],
        },
        {
            "key": "week_grid",
            "type": "boolean",
            "description": "The week as a grid of free and taken slots.",
            "owner": "Carol",
            "tags": ["bookings"],
            "variants": ON_OFF,
            "off": "off",
            "default": "off",
            "rules": [
                {"name": "Keepers", "segments": ["keepers"], "serve": "on"},
                {"name": changes.ROLLOUT, "share": 10_000, "serve": "on"},
            ],
        },
        {
            "key": "page_size",
            "type": "number",
            "description": "How many entries a list shows at once.",
            "owner": "Carol",
            "variants": {"short": 20, "long": 50},
            "off": "short",
            "default": "short",
            "rules": [{"name": "Half and half", "weights": {"short": 50_000, "long": 50_000}}],
        },
    ]
