"""Takes from a request the name of a character set that is no text.

Django reads addresses and forms by the charset that a request names, and Python has some that are no text: there the
request would fail before any code of ours could answer it.
"""

import codecs
import re
from collections.abc import Callable, Iterable
from typing import Any

TAKEN = frozenset({"utf-8", "ascii", "iso8859-1"})
CHARSET = re.compile(r";\s*charset\s*=\s*(\"[^\"]*\"?|[^;]*)", re.IGNORECASE | re.ASCII)

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def only_text(answer: Application) -> Application:
    """Return the application, which then reads such a request as if it named none, that is as UTF-8."""

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        environ["CONTENT_TYPE"] = CHARSET.sub(_if_text, environ.get("CONTENT_TYPE") or "")
        return answer(environ, start_response)

    return application


def _if_text(match: re.Match[str]) -> str:
    try:
        return match[0] if codecs.lookup(match[1].strip(' "')).name in TAKEN else ""
    except (LookupError, ValueError):
        return ""
