"""Ids that begin with their moment, so that a table can be cut by time along its primary key. Plain values in and out.

The first 48 bits are Unix milliseconds, as in a UUID of version 7 (RFC 9562). What belongs to an event begins with the
event's milliseconds, whenever it is made: an event, its deliveries and their attempts lie in partitions of the same
week. The rest of a derived id is a digest of what makes it one of a kind, so that the primary key refuses a second.
"""

import hashlib
import secrets
from datetime import UTC, datetime, timedelta
from uuid import UUID

MESSAGE_PREFIX = "msg_"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def new_event_id(at: datetime) -> UUID:
    """Return a UUID of version 7 for that moment."""
    return _uuid(_milliseconds(at), int.from_bytes(secrets.token_bytes(10)), version=7)


def delivery_id(event_id: UUID, endpoint_id: int) -> UUID:
    """Return the one id that the delivery of this event to this endpoint can have."""
    return _derived(event_id, f"{event_id}/{endpoint_id}")


def attempt_id(delivery_id: UUID, number: int) -> UUID:
    """Return the one id that this attempt of this delivery can have."""
    return _derived(delivery_id, f"{delivery_id}#{number}")


def message_id(event_id: UUID) -> str:
    """Return the value of `webhook-id`."""
    return MESSAGE_PREFIX + event_id.hex


def floor(at: datetime) -> UUID:
    """Return the lowest id of that moment: what is older is below it."""
    return UUID(int=max(_milliseconds(at), 0) << 80)


def moment(row_id: UUID) -> datetime:
    """Return the moment with which an id begins."""
    return EPOCH + timedelta(milliseconds=row_id.int >> 80)


def _milliseconds(at: datetime) -> int:
    return (at - EPOCH) // timedelta(milliseconds=1)


def _derived(origin: UUID, what: str) -> UUID:
    return _uuid(origin.int >> 80, int.from_bytes(hashlib.sha256(what.encode()).digest()[:10]), version=8)


def _uuid(milliseconds: int, rest: int, *, version: int) -> UUID:
    number = milliseconds << 80 | rest & ~(0xF << 76 | 0x3 << 62)
    return UUID(int=number | version << 76 | 0x2 << 62)
