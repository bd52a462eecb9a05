"""The event types of the hall: each app that publishes registers its own, in its `ready()`.

    catalogue.register("booking.confirmed", title="...", words="...", schema={...}, example={...})

A type is a dotted noun and a past verb. Its schema (JSON Schema 2020-12) is about `data`; an example that does not fit
stops the start.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jsonschema_rs import Draft202012Validator, ValidationError

NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")
NAME_MAX = 80


class NotInCatalogue(LookupError):
    """No app has registered a type of this name."""


class DoesNotFit(ValueError):
    """The payload is not what the schema of its type says."""


@dataclass(frozen=True)
class EventType:
    """`personal` says that its events are about single people, who may hear of their own."""

    name: str
    title: str
    words: str
    schema: Mapping[str, Any]
    example: Mapping[str, Any]
    personal: bool
    validator: Any

    @property
    def noun(self) -> str:
        return self.name.rpartition(".")[0]


_types: dict[str, EventType] = {}


def register(
    name: str,
    *,
    title: str,
    words: str,
    schema: Mapping[str, Any],
    example: Mapping[str, Any],
    personal: bool = False,
) -> EventType:
    """Add an event type. Raise ValueError for a name that is taken or malformed, or an example that does not fit."""
    if not NAME.fullmatch(name) or len(name) > NAME_MAX:
        raise ValueError(f"{name!r} is no dotted name")
    found = EventType(name, title, words, schema, example, personal, Draft202012Validator(dict(schema)))
    if name in _types and _types[name].schema != schema:
        raise ValueError(f"the event type {name!r} is registered already")
    _fit(found, example)
    _types[name] = found
    return found


def unregister(name: str) -> None:
    del _types[name]


def get(name: str) -> EventType:
    """Return a type; raise NotInCatalogue."""
    try:
        return _types[name]
    except KeyError:
        raise NotInCatalogue(f"no event type is named {name!r}") from None


def types() -> list[EventType]:
    return [_types[name] for name in sorted(_types)]


def filters() -> list[str]:
    """Return everything that an endpoint may ask for: each type, and each noun with all of its types."""
    return sorted({*_types, *(f"{each.noun}.*" for each in _types.values())})


def check(name: str, data: Mapping[str, Any]) -> EventType:
    """Return the type when the payload fits it; raise NotInCatalogue or DoesNotFit."""
    found = get(name)
    _fit(found, data)
    return found


def _fit(kind: EventType, data: Mapping[str, Any]) -> None:
    try:
        kind.validator.validate(data)
    except (ValidationError, ValueError, TypeError) as error:
        raise DoesNotFit(f"{kind.name}: {str(error).splitlines()[0]}") from error
