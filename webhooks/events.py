"""The event types of the apps below, and of webhooks themselves."""

from typing import Any

from webhooks import catalogue

Schema = dict[str, Any]


def record(**properties: Schema) -> Schema:
    """Return the schema of an object that has these properties, all of them, and may get more in time."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": properties,
        "required": sorted(properties),
    }


TEXT: Schema = {"type": "string"}
ID: Schema = {"type": "integer", "minimum": 1}
MEMBER = record(id=ID, display_name=TEXT) | {"description": "A person of the hall."}
BY = {"anyOf": [record(id=ID, display_name=TEXT), {"type": "null"}], "description": "Who did it; null: the hall."}
ALICE = {"id": 3, "display_name": "Alice Archer"}
OLGA = {"id": 5, "display_name": "Olga Ostrom"}
NOTE: Schema = TEXT | {"description": "What the security log says about it, for a person."}

for _name, _title, _words, _note in (
    ("member.signed_up", "Somebody joined", "An account was made.", ""),
    ("member.deactivated", "An account was closed", "The person may not sign in any more.", ""),
    ("member.reactivated", "An account was opened again", "The person may sign in again.", ""),
    ("device.added", "A new device signed in", "Somebody signed in on a device that was not seen before.", ""),
    ("session.ended", "A session was ended", "By its person, an operator or a limit.", "Firefox on Android: person"),
    ("password.changed", "A password was changed", "All other sessions of the person ended with it.", ""),
    ("email.changed", "A mail address was changed", "The account answers to another address now.", ""),
    ("token.created", "An API token was made", "The token itself is shown to its person alone.", "door printer"),
    ("token.revoked", "An API token was revoked", "It does not work any more.", "door printer"),
):
    catalogue.register(
        _name,
        title=_title,
        words=_words,
        schema=record(member=MEMBER, by=BY, note=NOTE),
        example={"member": ALICE, "by": ALICE, "note": _note},
        personal=True,
    )

for _name, _title, _words in (
    ("flag.changed", "A feature flag was changed", "Created, rolled out, archived, imported, or its rules changed."),
    ("flag.killed", "A feature flag was killed", "Everybody gets its `off` at once."),
    ("flag.restored", "A killed feature flag decides again", "Its rules hold again."),
):
    catalogue.register(
        _name,
        title=_title,
        words=_words,
        schema=record(
            flag=record(key=TEXT, version=ID),
            act=TEXT | {"description": "What was done."},
            changes={"type": "array", "items": TEXT, "description": "What differs, in words."},
            why=TEXT,
            by=BY,
        ),
        example={
            "flag": {"key": "week_grid", "version": 4},
            "act": "rolled_out",
            "changes": ["rule Rollout: 10 % get on, was 5 %"],
            "why": "Looks good so far",
            "by": OLGA,
        },
    )

catalogue.register(
    "endpoint.tested",
    title="A test",
    words="You asked for it, with the button or through the API. It comes whatever the endpoint filters.",
    schema=record(endpoint_id=ID, description=TEXT, by=TEXT),
    example={"endpoint_id": 12, "description": "door display", "by": "Alice Archer"},
    personal=True,
)
