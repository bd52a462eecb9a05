"""What went wrong, said to a machine: problem details (RFC 9457), the one shape of every error of the JSON API."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django.http import HttpResponse

CONTENT_TYPE = "application/problem+json"
# RFC 9457, section 4.2.1: a problem that its status code says completely.
BLANK = "about:blank"


def problem(
    status: int,
    *,
    title: str = "",
    detail: str = "",
    type: str = BLANK,
    headers: Mapping[str, str] | None = None,
    **members: Any,
) -> HttpResponse:
    """Return the answer for `status`; `title` is the status's own phrase unless given.

    `detail` is about this one occurrence and for a person; further `members` (`errors`, `limit`) are for programs.
    """
    body: dict[str, Any] = {"type": type, "title": title or HTTPStatus(status).phrase, "status": status}
    if detail:
        body["detail"] = detail
    # ASCII: a lone surrogate that a client sent must not fail the answer that refuses it.
    text = json.dumps(body | members, ensure_ascii=True)
    return HttpResponse(text, status=status, content_type=CONTENT_TYPE, headers=dict(headers or {}))
