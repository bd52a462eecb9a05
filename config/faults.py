"""What an exception says about whose fault it is: a part that is away, or input that nothing can store."""

import re

from django.core.exceptions import DisallowedHost, RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.db import DataError, InterfaceError, OperationalError
from django.http import UnreadablePostError
from django.http.multipartparser import MultiPartParserError

NUL_BYTE = "A zero byte came with it, and text cannot hold one."
NOT_TEXT = "Part of it is not text that can be stored."
OUT_OF_RANGE = "Part of it is too long, or a number too large, to be stored."
CUT_OFF = "It ended before all of it had arrived."

_REASONS: dict[type[Exception], str] = {
    RequestDataTooBig: "It is larger than a form may be. Send less at once.",
    TooManyFieldsSent: "It has more fields than a form may have.",
    TooManyFilesSent: "It has more files than can be taken at once.",
    MultiPartParserError: "The form is garbled: its parts cannot be told apart.",
    DisallowedHost: "The hall does not go by that name. Check the address.",
    UnreadablePostError: CUT_OFF,
}

# A surrogate is half of a character: it has no UTF-8.
_SURROGATE = re.compile("surrogates not allowed")
_NUL = re.compile(r"\bNUL\b|null (?:byte|character)", re.I)


def is_part_away(exception: BaseException | None) -> bool:
    """Tell whether Postgres could not be reached, or did not answer in time."""
    return isinstance(exception, OperationalError | InterfaceError)


def reason_of_refusal(exception: BaseException | None) -> str | None:
    """Return the sentence for input that cannot be taken, or None when the fault is ours."""
    for kind, reason in _REASONS.items():
        if isinstance(exception, kind):
            return reason
    if isinstance(exception, DataError | ValueError) and _NUL.search(str(exception)):
        return NUL_BYTE
    if isinstance(exception, UnicodeEncodeError) and _SURROGATE.search(str(exception)):
        return NOT_TEXT
    if isinstance(exception, DataError):
        return OUT_OF_RANGE
    return None
