"""Lists in pages that begin where the last one ended, and not at a number that moves while rows arrive.

A cursor holds the place of the last row that was seen, signed, so that one that was made up never reaches a query. It
names no row: the page after a row that is gone begins at the same place.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.core import signing
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Q, QuerySet

Row = TypeVar("Row")

LIMIT = 30
LIMIT_MAX = 100
CURSOR_MAX = 500


class CursorInvalid(ValueError):
    """The cursor was not made here, or for another list."""


@dataclass(frozen=True)
class Page(Generic[Row]):
    """`next` is the cursor of the page after this one, or None at the end."""

    items: list[Row]
    next: str | None


class _Serializer:
    """Moments keep their microseconds, or the rows of one millisecond would be seen twice or never."""

    def dumps(self, value: Any) -> bytes:
        return _Encoder(separators=(",", ":")).encode(value).encode()

    def loads(self, raw: bytes) -> Any:
        return signing.JSONSerializer().loads(raw)


class _Encoder(DjangoJSONEncoder):
    def default(self, o: Any) -> Any:
        return o.isoformat() if hasattr(o, "isoformat") else super().default(o)


def page(rows: QuerySet[Any], *, by: Sequence[str], limit: int = LIMIT, cursor: str = "") -> Page[Row]:
    """Return the page after `cursor`, highest first by the fields `by`, of which the last is unique.

    One query, whatever the number of rows. Raise CursorInvalid.
    """
    signer = signing.Signer(salt=f"keyset.{rows.model._meta.label_lower}.{','.join(by)}")
    if cursor:
        rows = rows.filter(_after(rows.model, by, _read(signer, cursor, len(by))))
    found = list(rows.order_by(*(f"-{name}" for name in by))[: limit + 1])
    if len(found) <= limit:
        return Page(found, None)
    last = [getattr(found[limit - 1], name) for name in by]
    return Page(found[:limit], signer.sign_object(last, serializer=_Serializer))


def page_of_names(names: Iterable[str], *, of: str, limit: int = LIMIT, cursor: str = "") -> Page[str]:
    """Return the page after `cursor` of names that are not rows, in their own order; `of` says which list it is.

    Raise CursorInvalid.
    """
    signer = signing.Signer(salt=f"keyset.{of}")
    ordered = sorted(names)
    start = bisect_right(ordered, str(_read(signer, cursor, 1)[0])) if cursor else 0
    found = ordered[start : start + limit]
    at_end = start + limit >= len(ordered)
    return Page(found, None if at_end else signer.sign_object(found[-1:], serializer=_Serializer))


def seal(values: Sequence[Any], *, of: str) -> str:
    """Return a cursor that holds these values, for a list that is read by a statement of its own."""
    return signing.Signer(salt=f"keyset.{of}").sign_object(list(values), serializer=_Serializer)


def unseal(cursor: str, *, of: str, length: int) -> list[Any]:
    """Return what `seal` put in for the same list; raise CursorInvalid."""
    return _read(signing.Signer(salt=f"keyset.{of}"), cursor, length)


def _read(signer: signing.Signer, cursor: str, length: int) -> list[Any]:
    try:
        values = signer.unsign_object(cursor, serializer=_Serializer)
    except (signing.BadSignature, ValueError) as error:
        raise CursorInvalid("This is no cursor of this list. Begin without one.") from error
    if len(values) != length:
        raise CursorInvalid("This is no cursor of this list. Begin without one.")
    return list(values)


def _after(model: Any, by: Sequence[str], values: list[Any]) -> Q:
    """Return the condition for what comes after `values`; its first part alone is what an index can use."""
    places = [model._meta.get_field(name).to_python(value) for name, value in zip(by, values, strict=True)]
    after = Q(**{f"{by[-1]}__lt": places[-1]})
    for name, place in zip(reversed(by[:-1]), reversed(places[:-1]), strict=True):
        after = Q(**{f"{name}__lte": place}) & (Q(**{f"{name}__lt": place}) | after)
    return after
