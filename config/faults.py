"""What an exception says about whose fault it is: a part that is away, or input that nothing can store."""

import re

from django.core.exceptions import (
    BadRequest,
    DisallowedHost,
    RequestDataTooBig,
    TooManyFieldsSent,
    TooManyFilesSent,
)
from django.db import DataError, InterfaceError, OperationalError
from django.http import UnreadablePostError
from django.http.multipartparser import MultiPartParserError

NUL_BYTE = "A zero byte came with it, and text cannot hold one."
NOT_TEXT = "Part of it is not text that can be stored."
OUT_OF_RANGE = "Part of it is too long, or a number too large, to be stored."
CUT_OFF = "It ended before all of it had arrived."
NO_WEB_ADDRESS = "Part of it should be a web address, and is none."
NO_NETWORK_ADDRESS = "Part of it should be a network address such as 203.0.113.7, and is none."
TOO_DEEP = "Part of it is nested too deeply to be read."

_REASONS: dict[type[Exception], str] = {
    RequestDataTooBig: "It is larger than a form may be. Send less at once.",
    TooManyFieldsSent: "It has more fields than a form may have.",
    TooManyFilesSent: "It has more files than can be taken at once.",
    MultiPartParserError: "The form is garbled: its parts cannot be told apart.",
    DisallowedHost: "The hall does not go by that name. Check the address.",
    UnreadablePostError: CUT_OFF,
}

# Known by what Postgres, Python and its parsers say about text that they were handed as it came.
_WORDS: tuple[tuple[type[Exception], re.Pattern[str], str], ...] = (
    (DataError, re.compile(r"\bNUL\b|null (?:byte|character)", re.I), NUL_BYTE),
    (ValueError, re.compile(r"\bNUL\b|null (?:byte|character)", re.I), NUL_BYTE),
    # A surrogate is half of a character: it has no UTF-8.
    (UnicodeEncodeError, re.compile("surrogates not allowed"), NOT_TEXT),
    (ValueError, re.compile("Invalid IPv6 URL|netloc .* contains invalid characters"), NO_WEB_ADDRESS),
    (ValueError, re.compile("does not appear to be an IPv4 or IPv6 address"), NO_NETWORK_ADDRESS),
    (ValueError, re.compile(r"Exceeds the limit \(\d+ digits\)"), OUT_OF_RANGE),
    (RecursionError, re.compile("while decoding a JSON"), TOO_DEEP),
    (DataError, re.compile(""), OUT_OF_RANGE),
)


def is_part_away(exception: BaseException | None) -> bool:
    """Tell whether Postgres could not be reached, or did not answer in time."""
    return isinstance(exception, OperationalError | InterfaceError)


def reason_of_refusal(exception: BaseException | None) -> str | None:
    """Return the sentence for input that cannot be taken, or None when the fault is ours."""
    if isinstance(exception, BadRequest):
        # Raised by our own views, with a sentence for the person.
        return str(exception)
    for kind, reason in _REASONS.items():
        if isinstance(exception, kind):
            return reason
    for kind, words, reason in _WORDS:
        if isinstance(exception, kind) and words.search(str(exception)):
            return reason
    return None
