"""Changes that hold only for what the client has seen (RFC 9110, section 13.1.1; RFC 6585, section 3)."""

from django.http import HttpRequest
from django.utils.http import parse_etags, quote_etag

from lib.problems import Refused


def etag(value: str) -> str:
    """Return a strong entity tag for a value that differs for each state of the resource."""
    return quote_etag(value)


def require_match(request: HttpRequest, current: str) -> None:
    """Refuse a change that does not name the state it is made for, or names another one than `current`."""
    sent = request.headers.get("If-Match")
    if sent is None:
        raise Refused(428, "Send `If-Match` with the `ETag` of what you read, so that no newer choice is lost.")
    named = parse_etags(sent)
    if named != ["*"] and current not in named:
        raise stale(current)


def stale(current: str) -> Refused:
    """Return the refusal of a change that was made for an older state; its ETag is the one that holds now."""
    return Refused(412, "It was changed meanwhile. Read it again, then decide again.", headers={"ETag": current})
