"""The custom headers that an integrator may add to each request. Plain values in and out."""

import re
from collections.abc import Mapping

from webhooks import limits

NAME = re.compile(r"[A-Za-z0-9!#$&^_`|~+.-]+")
VALUE = re.compile(r"[!-~]([ -~]*[!-~])?")
# What carries the request itself, or says who it comes from and over which way.
FORBIDDEN = frozenset(
    {
        *("accept", "accept-encoding", "connection", "content-encoding", "content-length", "content-type", "cookie"),
        *("date", "expect", "forwarded", "host", "http2-settings", "keep-alive", "origin", "referer", "set-cookie"),
        *("te", "trailer", "transfer-encoding", "upgrade", "user-agent", "via", "x-real-ip", "proxy-connection"),
    }
)
PREFIXES = ("webhook-", "svix-", "proxy-", "sec-", "x-forwarded-", ":")


class Refused(ValueError):
    """These headers cannot be sent; the message names the header and never its value."""


def check(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers as they are sent; raise Refused."""
    if len(headers) > limits.HEADERS_MAX:
        raise Refused(f"At most {limits.HEADERS_MAX} headers can be added.")
    seen: set[str] = set()
    for name, value in headers.items():
        shown = ascii(name[:40])
        if not NAME.fullmatch(name) or len(name) > limits.HEADER_NAME_MAX:
            raise Refused(f"{shown} is no name of a header.")
        if name.lower() in FORBIDDEN or name.lower().startswith(PREFIXES):
            raise Refused(f"{shown} is written by the hall itself.")
        if name.lower() in seen:
            raise Refused(f"{shown} is there twice.")
        if not VALUE.fullmatch(value) or len(value) > limits.HEADER_VALUE_MAX:
            raise Refused(f"The value of {shown} is not one line of plain ASCII.")
        seen.add(name.lower())
    return dict(headers)


def read_lines(text: str) -> dict[str, str]:
    """Return what a person wrote, one `Name: value` a line; raise Refused."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        if not line.strip():
            continue
        name, colon, value = line.partition(":")
        if not colon:
            raise Refused("Write one header a line, as Name: value.")
        if name.strip() in found:
            raise Refused(f"{name.strip()[:40]!a} is there twice.")
        found[name.strip()] = value.strip()
    return check(found)
